"""Scores of images, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mobileiqa_bench.fidelity import scoring
from mobileiqa_bench.fidelity.scoring import ImageScore, answer_images, open_artifact
from mobileiqa_sdk.errors import ContractMismatch, ModelNotFound, OpinionsInvalid

from ...recorder import Recorder

IMAGES = [np.full((2, 2, 3), value, np.uint8) for value in range(5)]


def test_an_answer_that_is_not_a_score_does_not_end_the_others() -> None:
    def answer(pixels: np.ndarray) -> dict[str, float]:
        if pixels[0, 0, 0] == 2:
            raise OpinionsInvalid("model.onnx: the model answered nan")
        return {"score": float(pixels[0, 0, 0]) / 10}

    answers = answer_images(answer, IMAGES)
    assert [each and each["score"] for each in answers] == [0.0, 0.1, None, 0.3, 0.4]


def test_other_errors_are_raised() -> None:
    def answer(pixels: np.ndarray) -> dict[str, float]:
        raise ContractMismatch("model.onnx: another shape")

    with pytest.raises(ContractMismatch):
        answer_images(answer, IMAGES)


@pytest.mark.parametrize(("seconds", "announced"), [(0.1, 0), (10, 1)])
def test_a_long_run_announces_its_end_once(
    seconds: float, announced: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(np.arange(100) * seconds)
    monkeypatch.setattr(scoring, "perf_counter", lambda: next(clock))
    progress = Recorder()
    answer_images(lambda _: {"score": 0.5}, IMAGES, progress, "verifying onnx fp32")
    assert len(progress.steps) == announced
    assert not progress.warnings
    assert all(step.startswith("verifying onnx fp32") and "5 images" in step for step in progress.steps)


def test_a_difference_needs_an_answer() -> None:
    assert ImageScore("a", 0.5, 0.25).difference == 0.25
    assert ImageScore("a", 0.5, None).difference is None


def test_an_artifact_opens_by_name_or_path(tmp_path: Path) -> None:
    assert open_artifact("mobileiqa-small", 1).contract.model.name == "mobileiqa-small"
    with pytest.raises(ModelNotFound):
        open_artifact(tmp_path / "none.onnx")
