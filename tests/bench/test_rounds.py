"""The benchmark measures what it says, and says what failed. No figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mobileiqa_bench.rounds import BenchmarkError, Config, Result, measure, ratios
from mobileiqa_export.exporter import export
from mobileiqa_export.student import StudentConfig, build_student, save_checkpoint
from mobileiqa_sdk.errors import MobileIQAError

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak memory from /proc")
TINY = StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(64, 96))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("bench") / "tiny.safetensors"
    save_checkpoint(path, build_student(TINY), TINY, name="tiny")
    return path


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Path:
    export(checkpoint, checkpoint.parent / "tiny")
    return checkpoint.parent / "tiny" / "model.onnx"


def test_ratios_are_taken_within_each_round() -> None:
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 8.0]) == (2.0, 0.5, 3.0)
    assert ratios([3.0], [2.0]) == (1.5, 1.5, 1.5)
    assert ratios([1.0, 3.0], [1.0, 1.0])[0] == 2.0


def test_ratios_need_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@LINUX
def test_all_kinds_run_the_same_network(checkpoint: Path, model: Path) -> None:
    configs = [
        Config("eager", "torch", checkpoint, runs=1),
        Config("plain", "onnxruntime", model, runs=1),
        Config("ours", "sdk", model.parent, runs=1),
    ]
    lines: list[str] = []
    results = measure(configs, rounds=1, threads=1, progress=lines.append)
    assert lines == ["round 1/1: eager", "round 1/1: plain", "round 1/1: ours"]
    assert [result.config for result in results] == configs
    for result in results:
        assert len(result.seconds) == len(result.peak_mb) == 1
        assert result.seconds[0] > 0
        assert result.peak_mb[0] > 0
        assert result.score == pytest.approx(results[0].score, abs=1e-4)
    assert 0 < results[0].score < 1


@LINUX
def test_the_rounds_take_turns(model: Path) -> None:
    configs = [Config("one", "onnxruntime", model, runs=2), Config("two", "sdk", model, runs=1)]
    lines: list[str] = []
    results = measure(configs, rounds=2, threads=1, progress=lines.append)
    assert lines == [f"round {number}/2: {name}" for number in (1, 2) for name in ("one", "two")]
    assert [len(result.seconds) for result in results] == [2, 2]


@LINUX
def test_one_measurement(model: Path) -> None:
    command = [sys.executable, "-m", "mobileiqa_bench.subject", "sdk", str(model), "1", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values = json.loads(done.stdout)
    assert set(values) == {"score", "load", "first", "seconds", "peak_mb"}
    assert len(values["seconds"]) == 3
    assert all(value > 0 for value in (values["load"], values["first"], *values["seconds"]))


@pytest.mark.parametrize(
    ("kind", "name"), [("sdk", "none"), ("onnxruntime", "none"), ("torch", "none.pth"), ("abacus", "none")]
)
def test_a_failing_configuration_is_named(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"^the one: exit status 1: \w") as caught:
        measure([Config("the one", kind, tmp_path / name)], rounds=1, threads=1)
    assert isinstance(caught.value, MobileIQAError)
    assert "\n" not in str(caught.value)


def test_the_command_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "rubbish.pth").write_bytes(b"rubbish")
    command = [sys.executable, "-m", "mobileiqa_bench", "--checkpoint", str(tmp_path / "rubbish.pth")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    said, error = done.stderr.splitlines()
    assert said == "exporting, plain"
    assert error.startswith(f"mobileiqa_bench: {tmp_path / 'rubbish.pth'}: ")


def test_a_result_starts_empty(tmp_path: Path) -> None:
    result = Result(Config("one", "sdk", tmp_path))
    assert (result.seconds, result.peak_mb) == ([], [])
    assert result.score != result.score
