"""Two artifacts against each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_bench.fidelity import against
from mobileiqa_bench.fidelity.timing import Timing
from mobileiqa_export.exporter import export

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def artifact(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("against") / "tiny"
    export(tiny_checkpoint, folder)
    return folder


def test_an_artifact_agrees_with_itself(run: Run, artifact: Path) -> None:
    result = run(
        "verify", artifact, "--against", artifact / "model.onnx", "--images", 6, "--no-timing", "--json"
    )
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert (found["schema"], found["passed"], found["failures"]) == (1, True, [])
    assert found["drift"]["max_difference"] == 0
    assert found["drift"]["images"] == len(found["parity"]) == 6
    assert found["artifact"] == found["against"] == str(artifact / "model.onnx")
    assert found["bytes"] == (artifact / "model.onnx").stat().st_size
    assert (found["timing"], found["timing_note"]) == (None, "--no-timing")


def test_other_scores_fail(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = against.run_all, iter([0.0, 0.3])

    def shifted(*arguments: Any) -> list[float]:
        by = next(calls)
        return [score + by for score in real(*arguments)]

    monkeypatch.setattr(against, "run_all", shifted)
    found = against.compare(artifact, artifact, count=6, timing=False)
    assert found.drift.max_difference == pytest.approx(0.3)
    assert not found.passed or found.drift.srcc == pytest.approx(1)


def test_the_page(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = Timing((1.2, 1.1, 1.3), (0.5, 0.5, 0.5), 12.0, 80.0, 2, 3)
    monkeypatch.setattr(against, "measure_against", lambda *_: timing)
    page = against.compare(artifact, artifact, count=6).to_markdown()
    assert page.startswith("# tiny 1.2 fp32, against tiny 1.2 fp32\n")
    assert "**Passed.**" in page
    assert "**Slower than the other on this machine.**" in page
    assert "1.20 (1.10 to 1.30)" in page


def test_other_input_sizes_are_not_compared(run: Run, artifact: Path) -> None:
    result = run("verify", artifact, "--against", "mobileiqa-small", "--no-timing")
    assert (result.code, result.out) == (1, "")
    assert "sees photos at 97x130, mobileiqa-small at 512x512" in result.err


@pytest.mark.parametrize("option", [("--photos", "."), ("--images", "5"), ("--no-timing",)])
def test_options_of_a_comparison_need_one(option: tuple[str, ...], run: Run) -> None:
    result = run("verify", *option)
    assert result.code == 2
    assert "go with --against" in result.err
