"""Two artifacts against each other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_bench.fidelity import against
from mobileiqa_bench.fidelity.timing import Timing
from mobileiqa_sdk.errors import OpinionsInvalid

Run = Callable[..., Any]
IMAGES = 24


def test_an_artifact_agrees_with_itself(run: Run, artifact: Path) -> None:
    result = run(
        "verify", artifact, "--against", artifact / "model.onnx", "--images", IMAGES, "--no-timing", "--json"
    )
    assert result.code == 0, result.err
    values = json.loads(result.out)
    assert (values["schema"], values["passed"], values["failures"]) == (2, True, [])
    assert values["drift"]["max_difference"] == 0
    assert values["drift"]["images"] == len(values["scores"]) == IMAGES
    assert values["artifact"] == values["against"] == str(artifact / "model.onnx")
    assert values["bytes"] == (artifact / "model.onnx").stat().st_size
    assert (values["timing"], values["timing_note"]) == (None, "--no-timing")


def shifted(monkeypatch: pytest.MonkeyPatch, *changes: Callable[[float], float | None]) -> None:
    """Changes the scores of the reference, then those of the artifact."""
    real, calls = against.answer_images, iter(changes)

    def answers(*arguments: Any) -> list[dict[str, float] | None]:
        change = next(calls)
        scores = [None if each is None else change(each["score"]) for each in real(*arguments)]
        return [None if score is None else {"score": score} for score in scores]

    monkeypatch.setattr(against, "answer_images", answers)


def test_other_scores_fail(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted(monkeypatch, lambda score: score, lambda score: score + 0.3)
    comparison = against.compare(artifact, artifact, count=IMAGES, timing=False)
    assert comparison.verdict.drift.max_difference == pytest.approx(0.3)
    assert not comparison.passed


def test_an_artifact_without_answers_fails_with_a_page(
    artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifted(monkeypatch, lambda score: score, lambda _: None)
    comparison = against.compare(artifact, artifact, count=IMAGES, timing=False)
    assert not comparison.passed
    assert json.loads(comparison.to_json())["scores"][0]["artifact"] is None
    assert "**FAILED**" in comparison.to_markdown()
    assert "no score" in comparison.to_markdown()


def test_a_reference_without_answers_is_an_error(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted(monkeypatch, lambda _: None, lambda score: score)
    with pytest.raises(OpinionsInvalid, match="golden"):
        against.compare(artifact, artifact, count=IMAGES, timing=False)


def test_the_page(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = Timing((1.2, 1.1, 1.3), (0.5, 0.5, 0.5), 12.0, 80.0, 2, 3)
    monkeypatch.setattr(against, "measure_against", lambda *_: timing)
    page = against.compare(artifact, artifact, count=IMAGES).to_markdown()
    assert page.startswith("# tiny 0 fp32, against tiny 0 fp32\n")
    assert "**Passed.**" in page
    assert "**Slower than the other on this machine.**" in page
    assert "1.20 (1.10 to 1.30)" in page


def test_other_input_sizes_are_not_compared(run: Run, artifact: Path) -> None:
    result = run("verify", artifact, "--against", "mobileiqa-small", "--no-timing")
    assert (result.code, result.out) == (1, "")
    assert "64 x 96" in result.err
    assert "262,144" in result.err


@pytest.mark.parametrize("option", [("--photos", "."), ("--images", "5"), ("--no-timing",)])
def test_options_of_a_comparison_need_one(option: tuple[str, ...], run: Run) -> None:
    result = run("verify", *option)
    assert result.code == 2
    assert "--against" in result.err


def test_the_name_of_a_folder_cannot_reach_the_terminal(run: Run, artifact: Path, tmp_path: Path) -> None:
    folder = tmp_path / "\x1b]0;title\x07"
    shutil.copytree(artifact, folder)
    result = run("verify", folder, "--against", folder, "--images", IMAGES, "--no-timing")
    assert result.code == 0, result.err
    assert result.out.count(r"\x1b]0;title\x07") == 2
    assert not {"\x1b", "\x07"} & set(result.out + result.err)
