"""The words for scores, at and beside their edges."""

import math

import numpy as np
import pytest

from mobileiqa_sdk import BANDS, band

EDGES = {0.0: "bad", 0.2: "poor", 0.4: "fair", 0.6: "good", 0.8: "excellent"}


def test_the_words_are_those_of_bt500() -> None:
    assert BANDS == ("bad", "poor", "fair", "good", "excellent")


@pytest.mark.parametrize(("edge", "word"), EDGES.items())
def test_an_edge_belongs_to_the_band_above(edge: float, word: str) -> None:
    assert band(edge) == word
    assert band(math.nextafter(edge, 1)) == word
    assert band(float(np.float32(edge))) == word  # what a float32 model answers
    if edge:
        assert band(math.nextafter(edge, 0)) == BANDS[BANDS.index(word) - 1]


def test_every_thousandth() -> None:
    words = [band(thousandth / 1000) for thousandth in range(1001)]
    assert words == [BANDS[min(thousandth // 200, 4)] for thousandth in range(1001)]


def test_both_ends() -> None:
    assert band(0) == band(-0.0) == band(5e-324) == "bad"
    assert band(1) == band(math.nextafter(1, 0)) == "excellent"


@pytest.mark.parametrize("score", [-0.3, -1e-9, 1.0000001, 55.0, math.nan, math.inf, -math.inf])
def test_no_word_for_what_is_no_score(score: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        band(score)
