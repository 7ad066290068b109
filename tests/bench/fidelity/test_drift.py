"""Figures of drift."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mobileiqa_bench.fidelity.drift import MIN_INFORMATIVE, Flips, measure_drift

REFERENCE = list(np.linspace(0.1, 0.9, 41))


def test_the_figures_by_hand() -> None:
    drift = measure_drift([0.1, 0.3, 0.31, 0.9], [0.1, 0.34, 0.33, 0.8])
    assert drift.max_difference == pytest.approx(0.1)
    assert drift.mean_difference == pytest.approx((0.04 + 0.02 + 0.1) / 4)
    assert drift.spread == pytest.approx(0.8)
    assert (drift.images, drift.unanswered, drift.informative) == (4, 0, 4)
    assert drift.flips == Flips(6, 1)
    assert drift.flips_close == Flips(1, 1)
    assert drift.flips_clear == Flips(5, 0)
    assert [(row.band, row.images) for row in drift.bands] == [("bad", 1), ("poor", 2), ("excellent", 1)]
    assert drift.bands[1].mean == pytest.approx(0.03)
    assert drift.bands[1].max == pytest.approx(0.04)
    assert drift.has_ranking


def test_correlations_are_scipys() -> None:
    rng = np.random.default_rng(3)
    scores = np.array(REFERENCE) + rng.normal(0, 0.05, len(REFERENCE))
    drift = measure_drift(REFERENCE, list(scores))
    assert drift.srcc == pytest.approx(stats.spearmanr(REFERENCE, scores).statistic)
    assert drift.plcc == pytest.approx(stats.pearsonr(REFERENCE, scores).statistic)
    assert drift.krcc == pytest.approx(stats.kendalltau(REFERENCE, scores).statistic)


def test_a_constant_artifact_has_no_correlation() -> None:
    drift = measure_drift(REFERENCE, [0.5] * len(REFERENCE))
    assert (drift.srcc, drift.plcc, drift.krcc) == (None, None, None)
    assert drift.flips_clear.share == 1


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_images_without_an_answer_are_counted_and_left_out(missing: float | None) -> None:
    drift = measure_drift(REFERENCE, [missing, *REFERENCE[1:]])
    assert (drift.images, drift.unanswered) == (41, 1)
    assert drift.max_difference == 0
    assert sum(row.images for row in drift.bands) == 40


def test_an_artifact_that_never_answers_has_no_figures() -> None:
    drift = measure_drift(REFERENCE, [None] * len(REFERENCE))
    assert (drift.unanswered, drift.informative) == (41, 0)
    assert (drift.max_difference, drift.mean_difference, drift.srcc) == (None, None, None)
    assert not drift.bands
    assert not drift.has_ranking


def test_clamped_and_tied_images_are_not_evidence() -> None:
    """Nine images at the worst score, and one that says something."""
    drift = measure_drift([0.0] * 9 + [0.5767], [0.0] * 9 + [0.2232])
    assert drift.informative == 1
    assert drift.srcc is None
    assert measure_drift([1.0, 0.2, 0.2, 0.2, 0.4], [1.0, 0.1, 0.3, 0.2, 0.4]).informative == 2


@pytest.mark.parametrize("images", [MIN_INFORMATIVE, MIN_INFORMATIVE - 1])
def test_a_ranking_of_few_images_is_not_judged(images: int) -> None:
    scores = [0.1 + 0.04 * index for index in range(images)]
    drift = measure_drift([0.0, 0.0, 1.0, *scores, scores[0]], [0.0, 0.0, 1.0, *scores, scores[0]])
    assert drift.has_ranking
    assert bool(drift.not_judged) is (images < MIN_INFORMATIVE)


def test_a_reference_without_a_ranking_is_not_judged() -> None:
    scores = [0.5 + 0.0005 * index for index in range(30)]
    assert measure_drift(scores, scores).not_judged


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_what_both_clamp_alike_dilutes_no_figure(end: float) -> None:
    few = measure_drift([0.2, 0.4, 0.6], [0.3, 0.5, 0.45])
    many = measure_drift([0.2, 0.4, 0.6, *[end] * 100], [0.3, 0.5, 0.45, *[end] * 100])
    assert many.mean_difference == pytest.approx(few.mean_difference)
    assert (many.flips, many.flips_clear) == (few.flips, few.flips_clear)
    assert few.flips_clear == Flips(3, 1)


def test_what_the_reference_alone_clamps_counts() -> None:
    drift = measure_drift([0.0, 0.2, 0.4], [0.3, 0.2, 0.4])
    assert drift.mean_difference == pytest.approx(0.1)
    assert drift.flips == Flips(3, 1)


def test_where_all_is_clamped_alike_nothing_is_off() -> None:
    assert measure_drift([0.0, 0.0, 1.0], [0.0, 0.0, 1.0]).mean_difference == 0.0


@pytest.mark.parametrize("clamped", [0.0, 5e-7, 1 - 5e-7, 1.0])
def test_what_is_almost_clamped_is_clamped(clamped: float) -> None:
    assert measure_drift([0.2, clamped, 0.4], [0.2, 0.3, 0.4]).informative == 2


def test_images_that_the_reference_scores_alike_are_no_pair() -> None:
    drift = measure_drift([0.3, 0.3, 0.34], [0.3, 0.31, 0.35])
    assert (drift.flips, drift.flips_close) == (Flips(2, 0), Flips(2, 0))
