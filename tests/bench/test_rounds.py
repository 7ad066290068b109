"""Fresh processes, in turn: what they measure, and what becomes of those that fail. No figure is judged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from mobileiqa_bench import processes, rounds
from mobileiqa_bench.benchmark import run_benchmark
from mobileiqa_bench.child import ProcessJob
from mobileiqa_bench.configs import Config, of_artifacts
from mobileiqa_bench.errors import BenchmarkError, ProcessFailed, ProcessTimeout
from mobileiqa_bench.flags import names
from mobileiqa_bench.rounds import Settings, measure
from mobileiqa_bench.schema import Interval, parse, to_json

from .conftest import FakeSystem


class Record:
    """Keeps all steps and warnings as lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, message: str) -> None:
        self.lines.append(message)

    warn = step


ONCE = Settings(rounds=1, runs=1, warmup=0)


@pytest.fixture
def config(artifact: Path) -> Config:
    return of_artifacts([str(artifact)])[0]


@pytest.fixture
def photo() -> str:
    skimage = pytest.importorskip("skimage")
    return str(Path(skimage.data_dir) / "astronaut.png")


def test_a_document_of_two_rounds(config: Config, artifact: Path, photo: str, system: FakeSystem) -> None:
    settings = Settings(rounds=2, runs=3, warmup=1, photo=photo, throughput=True, seconds=0, processes=(1, 2))
    actual = run_benchmark([config], settings, root=system.root)
    assert parse(to_json(actual), "it") == actual
    (row,) = actual.results
    assert row.error is None
    assert row.ratio.time == Interval(value=1.0, low=None, high=None)
    assert (row.model, row.runtime, row.precision, row.threads) == ("tiny", "onnx", "fp32", 1)
    assert row.size_bytes == (artifact / "model.onnx").stat().st_size
    assert row.golden is not None
    assert row.golden.ok
    seconds = row.seconds
    assert seconds is not None
    for step in ("inference", "decode", "resize"):
        figures = getattr(seconds, step)
        assert (len(figures.values), len(figures.rounds)) == (6, 2)
        assert figures.min > 0
    assert seconds.load > 0
    assert seconds.first > 0
    assert row.throughput is not None
    assert [entry.processes for entry in row.throughput] == [1, 2]
    assert all(entry.photos_per_second > 0 for entry in row.throughput)
    assert set(names(row.flags)) - {"spread"} == {"rounds", "run-queue"}
    assert set(names(actual.flags)) >= {"governor", "run-queue"}
    assert actual.settings["rounds"] == 2
    if sys.platform.startswith("linux"):
        memory = row.memory
        assert memory is not None
        assert memory.peak_rss_bytes >= memory.rss_after_load_bytes > 0  # type: ignore[operator]
        assert memory.private_bytes > 0  # type: ignore[operator]


def test_official(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As long as a valid result takes, over all rounds, after a pause before each, with scores compared."""
    pauses: list[float] = []
    monkeypatch.setattr(rounds, "sleep", pauses.append)
    settings = Settings(rounds=2, warmup=0, official=True, cool_down=30.0, minutes=0.001)
    (row,) = run_benchmark([config], settings).results
    assert row.error is None
    assert pauses == [30.0, 30.0]
    assert row.seconds is not None
    assert row.seconds.reload is not None
    assert (len(row.seconds.inference.values), len(row.seconds.reload.values)) == (1024, 10)
    assert row.accuracy is not None
    assert len(set(row.accuracy.scores)) > 10
    assert row.accuracy.reference == pytest.approx(row.accuracy.scores, abs=1e-6)
    assert row.verdict is not None
    kinds = {reason.kind for reason in row.verdict.reasons}
    assert not kinds & {"runs", "accuracy", "cool-down", "unit", "golden", "error"}
    assert row.sha256 == hashlib.sha256(config.path.read_bytes()).hexdigest()
    assert row.sustained is not None
    assert len(row.sustained) == 1


@pytest.mark.parametrize(
    ("before", "rounds_left", "runs", "seconds"),
    [
        ([], 5, 205, 12.0),
        ([[10.0, 12.0]], 2, 511, 19.0),
        ([[0.01] * 1000, [0.01] * 23], 1, 1, pytest.approx(49.77)),
        ([[0.01] * 2000], 3, 1, pytest.approx(40 / 3)),
    ],
)
def test_the_share_of_a_round(
    config: Config, before: list[list[float]], rounds_left: int, runs: int, seconds: float
) -> None:
    measured = rounds.Measured(config, [{"inference": values} for values in before])
    share = rounds._official(measured, rounds_left)
    assert (share["enough_runs"], share["seconds"]) == (runs, seconds)


def test_the_golden_image_is_not_decoded(config: Config) -> None:
    (row,) = run_benchmark([config], ONCE).results
    assert row.seconds is not None
    assert row.seconds.decode is None
    assert row.seconds.resize is not None


class FakeProcesses:
    """Measures without a process: each configuration takes a second more than the last one."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.paths: list[str] = []

    def measure(self, job: ProcessJob, timeout: float) -> dict[str, Any]:
        self.paths.append(job.path)
        if job.path == self.broken:
            raise ProcessFailed("it is broken")
        return {"inference": [float(len(self.paths))], "peak_rss_bytes": 1}


def fakes(*labels: str) -> list[Config]:
    return [Config(label, "sdk", Path(label), label, runtime="onnx") for label in labels]


def test_the_rounds_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    progress, calls = Record(), FakeProcesses()
    rounds: list[int] = []
    monkeypatch.setattr("mobileiqa_bench.rounds.measure_process", calls.measure)
    actual = measure(
        fakes("one", "two"),
        replace(ONCE, rounds=2),
        progress=progress,
        each_round=lambda: rounds.append(len(calls.paths)),
    )
    assert calls.paths == ["one", "two", "one", "two"]
    assert rounds == [0, 2]
    assert [one.latencies for one in actual] == [[1, 3], [2, 4]]
    assert progress.lines == [
        f"round {number}/2: {name}, 1 thread" for number in (1, 2) for name in ("one", "two")
    ]


def test_what_fails_is_not_tried_again_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    progress, calls = Record(), FakeProcesses(broken="one")
    monkeypatch.setattr("mobileiqa_bench.rounds.measure_process", calls.measure)
    never_made = replace(fakes("three")[0], failure="no compiler")
    actual = measure([*fakes("one", "two"), never_made], replace(ONCE, rounds=2), progress=progress)
    assert calls.paths == ["one", "two", "two"]
    assert [one.error for one in actual] == ["it is broken", None, "no compiler"]
    assert [len(one.samples) for one in actual] == [0, 2, 0]
    assert sum("it is broken" in line for line in progress.lines) == 1


def test_what_cannot_be_loaded_is_a_row_with_the_reason(config: Config, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"rubbish")
    configs = [
        replace(config, label="damaged", path=tmp_path / "model.onnx"),
        replace(config, label="never made", failure="no compiler"),
        replace(config, label="gone", engine="torch", path=tmp_path / "none.pth"),
    ]
    actual = run_benchmark(configs, ONCE)
    damaged, never_made, gone = (row.error for row in actual.results)
    assert damaged is not None
    assert damaged.startswith("ArtifactInvalid: ")
    assert never_made == "no compiler"
    assert gone is not None
    assert str(tmp_path / "none.pth") in gone
    assert parse(to_json(actual), "it") == actual


def job(config: Config, **changes: object) -> ProcessJob:
    return ONCE.job(config, **changes)


def test_a_process_that_takes_too_long(config: Config) -> None:
    with pytest.raises(ProcessTimeout):
        processes.measure(job(config), timeout=0.01)


def test_a_process_that_floods_its_errors_and_waits_is_ended_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flood.py").write_text(
        "import sys, time\nsys.stderr.write('x' * 10**6)\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    started = monotonic()
    with processes.Child("flood", timeout=3) as child:
        child.wait_for("ready")
        with pytest.raises(ProcessTimeout):
            child.finish()
    assert monotonic() - started < 30


def test_a_module_of_the_working_folder_has_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("modules", "working"):
        (tmp_path / folder).mkdir()
    (tmp_path / "modules" / "asked.py").write_text(
        "import json, statistics, sys\n"
        "print(json.dumps({'file': statistics.__file__, 'words': sys.argv[1:]}))\n"
    )
    for name in ("statistics.py", "asked.py"):
        (tmp_path / "working" / name).write_text("raise SystemExit('of the working folder')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path / "working")
    answer = processes.ask("asked", "one", "two")
    assert answer["words"] == ["one", "two"]
    assert not answer["file"].startswith(str(tmp_path))


def test_a_process_that_says_nothing() -> None:
    with pytest.raises(ProcessFailed):
        processes.ask("mobileiqa_bench.errors")


@pytest.mark.parametrize(
    ("status", "err", "said"),
    [
        (1, "Traceback\n  File\nValueError: no\n", "ValueError: no"),
        (3, "", "exit status 3"),
        (-9, "", "ended by SIGKILL: most likely out of memory"),
        (-11, "noise", "ended by SIGSEGV"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_reasons(status: int, err: str, said: str) -> None:
    assert processes._reason(status, err) == said


def test_photos_per_second_of_a_broken_artifact(config: Config, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"rubbish")
    broken = replace(config, path=tmp_path / "model.onnx")
    with pytest.raises(BenchmarkError, match="ArtifactInvalid"):
        processes.photos_per_second(job(broken, runs=None, counting=True), 1)


@pytest.mark.parametrize(("threads", "expected"), [(3, "3"), (None, "7")])
def test_threads_reach_libraries_that_read_them_from_the_environment(
    threads: int | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openmp.py").write_text(
        "import json, os\nprint(json.dumps({'threads': os.environ['OMP_NUM_THREADS']}))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert processes.ask("openmp", threads=threads) == {"threads": expected}


def test_no_more_processes_than_fit(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    from mobileiqa_bench import rounds

    monkeypatch.setattr(rounds, "available_cpus", lambda: 6)
    monkeypatch.setattr(rounds, "available_bytes", lambda: 1000)
    automatic = Settings(throughput=True)
    assert rounds._process_counts(automatic, config, 100) == [1, 2, 4, 6]
    assert rounds._process_counts(automatic, config, 300) == [1, 2]
    assert rounds._process_counts(automatic, config, None) == [1, 2, 4, 6]
    assert rounds._process_counts(automatic, replace(config, threads=3), 1) == [1, 2]
    assert rounds._process_counts(automatic, replace(config, threads=8), 1) == [1]
    assert rounds._process_counts(automatic, replace(config, engine="torch"), 1) == []
    assert rounds._process_counts(Settings(), config, 1) == []
    assert rounds._process_counts(replace(automatic, processes=(3,)), config, 999) == [3]


def test_measuring_needs_no_package_of_the_extra_and_no_torch() -> None:
    code = """
import subprocess
import sys
extra = ("psutil", "openvino", "ncnn", "pnnx")
sys.modules.update(dict.fromkeys(extra))
import mobileiqa_bench.cli
from mobileiqa_bench import counters, environment, memory
assert environment.available_bytes() is None
counters.read(), environment.read_environment(), memory.peak_rss(), memory.private()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
