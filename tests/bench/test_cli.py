"""The command from end to end, on tiny models and a few runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_bench.schema import Interval, parse, read_document, to_json

from . import make

Run = Callable[..., Any]
QUICK = ("--rounds", 1, "--runs", 1, "--warmup", 0, "--threads", 1, "--no-throughput")


def test_artifacts_in_two_runtimes_to_files(run: Run, artifact: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    to, plots = tmp_path / "a.json", tmp_path / "plots"
    arguments = ("--runtime", "onnx,openvino", "--baseline", "openvino", "--json", to, "--plots", plots)
    actual = run("benchmark", artifact, *arguments, *QUICK, "--markdown")
    assert actual.code == 0, actual.err
    assert actual.out.startswith("| configuration")
    assert "to tiny openvino fp32" in actual.out
    document = read_document(to)
    assert [row.runtime for row in document.results] == ["onnx", "openvino"]
    ours, baseline = (row.ratio for row in document.results)
    assert ours.to == "tiny openvino fp32"
    assert ours.time is not None
    assert ours.time.low is None  # of one round
    assert baseline.time == Interval(value=1, low=None, high=None)
    assert document.results[0].layers
    assert document.peaks[0].threads == 1
    assert document.settings["command"].startswith(f"mobileiqa benchmark {artifact} ")
    assert {path.name for path in plots.iterdir()} == {
        f"{stem}.{suffix}" for stem in ("waterline-tiny-onnx-fp32", "pareto") for suffix in ("png", "svg")
    }
    assert "round 1/1: tiny onnx fp32, 1 thread ..." in actual.err


def test_the_bundled_model_by_default_as_json(run: Run) -> None:
    actual = run("benchmark", *QUICK, "--json", "-")
    assert actual.code == 0, actual.err
    (row,) = parse(actual.out, "stdout").results
    assert row.golden is not None
    assert (row.model, row.golden.ok) == ("mobileiqa-small", True)


def test_baselines_of_a_checkpoint_beside_its_artifact(run: Run, checkpoint: Path, artifact: Path) -> None:
    arguments = ("--checkpoint", checkpoint, "--baselines", "eager", "--json", "-")
    actual = run("benchmark", artifact, *arguments, *QUICK)
    assert actual.code == 0, actual.err
    eager, ours = parse(actual.out, "stdout").results
    assert (eager.label, ours.label) == ("as trained, PyTorch eager", "tiny onnx fp32")
    assert ours.score == pytest.approx(eager.score, abs=1e-4)
    assert not any(flag.startswith("score") for flag in ours.flags)


def test_a_failing_configuration_is_a_row_and_the_exit_status(
    run: Run, artifact: Path, tmp_path: Path
) -> None:
    shutil.copytree(artifact, tmp_path / "broken")
    (tmp_path / "broken" / "model.onnx").write_bytes(b"rubbish")
    actual = run("benchmark", tmp_path / "broken", *QUICK)
    assert actual.code == 1
    assert "failed: ArtifactInvalid: " in actual.out


def test_an_official_result_that_is_not_valid_is_the_exit_status(run: Run, artifact: Path) -> None:
    official = ("--official", "--cool-down", 0, "--rounds", 1, "--no-throughput", "--threads", 1)
    actual = run("benchmark", artifact, *official)
    assert actual.code == 1
    assert "tiny onnx fp32, 1 thread: not valid: " in actual.out
    assert "cool-down (0 s without work before a run; 30 s are required)" in actual.out


def test_two_files_compared(run: Run, tmp_path: Path) -> None:
    files = []
    for name, seconds in (("a", 0.2), ("b", 0.1)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(to_json(make.document(make.result(rounds=[seconds] * 3))))
    actual = run("benchmark", "--compare", *files)
    assert (actual.code, actual.err) == (0, "")
    assert "0.500 (0.500 to 0.500)" in actual.out
    assert "faster" in actual.out
    actual = run("benchmark", "--compare", *files, "--json", "-")
    assert json.loads(actual.out)["pairs"][0]["time"] == {"value": 0.5, "low": 0.5, "high": 0.5}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere",), 2, "nowhere"),
        (("--threads", "0"), 2, "'0'"),
        (("--threads", "two"), 2, "'two'"),
        (("--threads", ","), 2, "--threads"),
        (("--runtime", "abacus"), 2, "abacus"),
        (("--baselines", "eager"), 2, "--checkpoint"),
        (("--official", "--runs", "9"), 2, "--runs"),
        (("--baseline", "abacus"), 1, "mobileiqa-small onnx fp32"),
        (("--precision", "fp64"), 1, "fp64"),
        (("--json", "none/a.json"), 2, "none"),
        (("--plots", "none/plots"), 2, "none"),
    ],
)
def test_misuse_is_said_before_anything_is_measured(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    actual = run("benchmark", *arguments)
    assert actual.code == code
    assert said in actual.err
    assert "round" not in actual.err


def test_a_photo_that_is_none_is_said_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"rubbish")
    actual = run("benchmark", "--photo", tmp_path / "a.jpg")
    assert (actual.code, "round" in actual.err) == (1, False)
    assert str(tmp_path / "a.jpg") in actual.err


def test_other_files_are_not_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    actual = run("benchmark", "--compare", tmp_path / "a.json", tmp_path / "a.json")
    assert actual.code == 1
    assert str(tmp_path / "a.json") in actual.err
    assert run("benchmark", "x", "--compare", tmp_path / "a.json", tmp_path / "a.json").code == 2
