"""The bundled artifact on photographs it never saw, made worse step by step."""

from __future__ import annotations

import pytest

from mobileiqa_bench.evaluation.ladders import Ladders, climb_ladders
from mobileiqa_bench.photographs import shipped_photographs
from mobileiqa_sdk import Scorer


@pytest.fixture(scope="module")
def ladders() -> Ladders:
    return climb_ladders(Scorer(threads=1), list(map(str, shipped_photographs())))


def test_a_worse_photo_scores_lower(ladders: Ladders) -> None:
    # 97.0 % of 270 steps; a step may fall otherwise where JPEG is decoded otherwise.
    assert ladders.ordered >= 0.965
    assert min(ladders.ordered_by_distortion.values()) >= 0.8


def test_mirroring_and_mild_compression_hardly_matter(ladders: Ladders) -> None:
    assert ladders.flip_difference < 0.01
    assert ladders.jpeg_difference < 0.01
