"""Verdicts over several answers."""

from __future__ import annotations

import numpy as np
import pytest

from mobileiqa_bench.fidelity.gate import ANY_PRECISION
from mobileiqa_bench.fidelity.images import ImageSet
from mobileiqa_bench.fidelity.scoring import Values
from mobileiqa_bench.fidelity.verdict import judge

ANSWERS = ("score", "faults.blur", "faults.noise", "photo")
COUNT = 24
NAMES = [f"picture {index}" for index in range(COUNT)]
REFERENCE: list[Values] = [dict.fromkeys(ANSWERS, float(value)) for value in np.linspace(0.1, 0.9, COUNT)]
IMAGES = ImageSet("made", NAMES, [np.zeros((2, 2, 3), np.uint8)] * COUNT, [])


@pytest.mark.parametrize("wrong", ANSWERS)
def test_every_answer_counts(wrong: str) -> None:
    answers = [{**values, wrong: 1 - values[wrong]} for values in REFERENCE]
    verdict = judge(IMAGES, REFERENCE, answers, ANY_PRECISION)
    assert verdict.failures
    assert all(wrong in reason or wrong == "score" for reason in verdict.failures)
    assert list(verdict.others) == [name for name in ANSWERS if name != "score"]


def test_equal_answers_pass() -> None:
    assert judge(IMAGES, REFERENCE, REFERENCE, ANY_PRECISION).passed


def test_the_first_image_without_an_answer_is_named() -> None:
    answers = [None if index in (3, 5) else values for index, values in enumerate(REFERENCE)]
    verdict = judge(IMAGES, REFERENCE, answers, ANY_PRECISION)
    (reason,) = verdict.failures
    assert "picture 3" in reason
    assert [row.artifact for row in verdict.scores[3:6]] == [None, REFERENCE[4]["score"], None]
