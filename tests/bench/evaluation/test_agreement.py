"""Figures of agreement: their values, their intervals, and what they say where they are undefined."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import curve_fit

from mobileiqa_bench.evaluation import logistic
from mobileiqa_bench.evaluation.agreement import METRICS, krcc, measure_agreement, plcc, rmse, srcc
from mobileiqa_bench.evaluation.errors import AgreementUndefined
from mobileiqa_bench.evaluation.logistic import Logistic, fit_logistic


def noisy(count: int, seed: int = 1, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Scores and the MOS that they guess."""
    rng = np.random.default_rng(seed)
    mos = rng.random(count)
    return mos + rng.normal(0, noise, count), mos


def test_metrics_on_known_ranks() -> None:
    scores, mos = np.array([0.1, 0.2, 0.4, 0.3]), np.array([1.0, 2.0, 3.0, 4.0]) / 10
    assert srcc(scores, mos) == pytest.approx(0.8)
    assert krcc(scores, mos) == pytest.approx(2 / 3)
    assert plcc(scores, mos) == pytest.approx(0.8)
    assert rmse(scores, mos) == pytest.approx(np.sqrt(0.02 / 4))


def test_correlations_are_scipys() -> None:
    scores, mos = noisy(200)
    tied = np.round(scores, 1).astype(np.float32)
    assert srcc(tied, mos) == pytest.approx(stats.spearmanr(tied, mos).statistic, abs=1e-12)
    assert plcc(tied, mos) == pytest.approx(stats.pearsonr(tied.astype(float), mos).statistic, abs=1e-12)


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=30, unique=True))
@settings(deadline=None)
def test_ranks_do_not_mind_a_monotonic_scale(values: list[int]) -> None:
    scores = np.array(values) / 1000
    mos = np.sort(scores)
    assert srcc(np.exp(3 * scores), mos) == pytest.approx(srcc(scores, mos), abs=1e-12)
    assert srcc(-scores, mos) == pytest.approx(-srcc(scores, mos), abs=1e-12)
    assert -1 <= plcc(scores, mos) <= 1


def test_intervals_hold_the_value() -> None:
    result = measure_agreement(*noisy(300), resamples=200)
    for name in METRICS:
        figure = getattr(result, name)
        assert figure.low < figure.value < figure.high
    assert "SRCC" in result.table()
    assert result.to_dict()["photos"] == 300


def test_intervals_are_95_percent_percentiles_of_the_same_resamples() -> None:
    """Against scipy's percentiles of exactly the figures that our resamples give."""
    scores, mos = noisy(80)
    result = measure_agreement(scores, mos, resamples=400, seed=5)
    rng = np.random.default_rng(5)
    drawn = [rng.integers(0, 80, 80) for _ in range(400)]
    for name, metric in (("srcc", srcc), ("plcc", plcc), ("krcc", krcc), ("rmse", rmse)):
        figures = [metric(scores[rows], mos[rows]) for rows in drawn]
        low, high = stats.mstats.mquantiles(figures, (0.025, 0.975), alphap=1, betap=1)
        ours = getattr(result, name)
        assert (ours.low, ours.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))


def test_intervals_are_those_of_scipys_bootstrap() -> None:
    scores, mos = noisy(80)
    result = measure_agreement(scores, mos, resamples=4000)
    for name, metric in (("plcc", plcc), ("rmse", rmse)):
        theirs = stats.bootstrap(
            (scores, mos), metric, paired=True, vectorized=False, n_resamples=4000, method="percentile", rng=0
        ).confidence_interval
        ours = getattr(result, name)
        width = theirs.high - theirs.low
        # At 90 % instead of 95 %, each end would be 8 % of the width further in.
        assert ours.low == pytest.approx(theirs.low, abs=0.04 * width)
        assert ours.high == pytest.approx(theirs.high, abs=0.04 * width)


def test_the_same_seed_gives_the_same_intervals() -> None:
    first, again, other = (measure_agreement(*noisy(50), resamples=50, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first.srcc.value == other.srcc.value
    assert first.srcc != other.srcc


def test_a_curved_scale_is_straightened() -> None:
    scores = np.linspace(0, 1, 200)
    mos = Logistic(0.9, 0.2, 0.7, 0.05)(scores)
    result = measure_agreement(scores, mos, resamples=20)
    assert result.fitted
    assert result.plcc_fitted.value == pytest.approx(1, abs=1e-9)
    assert result.rmse_fitted.value == pytest.approx(0, abs=1e-6)
    assert result.plcc.value < 0.95
    assert result.rmse.value > 0.1


def test_a_curve_may_fall_and_srcc_keeps_the_sign() -> None:
    scores, mos = noisy(100, noise=0.02)
    result = measure_agreement(-scores, mos, resamples=10)
    assert result.srcc.value < -0.9
    assert result.plcc.value < -0.9
    assert result.plcc_fitted.value > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_fitting_never_makes_the_error_larger(seed: int) -> None:
    scores, mos = noisy(40, seed=seed, noise=0.5)
    result = measure_agreement(scores, mos, resamples=1)
    assert result.fitted
    assert result.rmse_fitted.value <= result.rmse.value


@pytest.mark.parametrize(("photos", "noise"), [(200, 0.1), (60, 0.5), (12, 9.0), (200, 9.0)])
def test_rounding_does_not_decide_where_a_fit_ends(photos: int, noise: float) -> None:
    scores, mos = noisy(photos, noise=noise)
    rng = np.random.default_rng(1)
    for _ in range(60):
        rows = rng.integers(0, photos, photos)
        turned = scores[rows] * (1 + rng.choice([-1, 1], photos) * 2e-16)
        curves = fit_logistic(scores[rows], mos[rows]), fit_logistic(turned, mos[rows])
        assert curves[0] is not None
        assert curves[1] is not None
        errors = rmse(curves[0](scores[rows]), mos[rows]), rmse(curves[1](turned), mos[rows])
        assert errors[0] == pytest.approx(errors[1], abs=1e-6)


def test_a_fit_is_that_of_a_search_of_all_four_parameters() -> None:
    scores, mos = noisy(200)
    rng = np.random.default_rng(0)
    for _ in range(30):
        rows = rng.integers(0, 200, 200)
        x, y = scores[rows], mos[rows]
        start = (y.max(), y.min(), x.mean(), x.std())
        known, _ = curve_fit(lambda s, *p: Logistic(*p)(s), x, y, p0=start, maxfev=5000)
        curve = fit_logistic(x, y)
        assert curve is not None
        assert rmse(curve(x), y) == pytest.approx(rmse(Logistic(*known)(x), y), abs=1e-9)


def test_too_few_photos_for_a_curve() -> None:
    result = measure_agreement(*noisy(logistic.MIN_PHOTOS - 1), resamples=20)
    assert not result.fitted
    assert result.plcc_fitted == result.plcc
    assert result.rmse_fitted == result.rmse
    assert "fitted figures are the raw ones" in result.table()


def test_equal_scores_correlate_with_nothing() -> None:
    mos = noisy(30)[1]
    assert all(math.isnan(figure(np.full(30, 0.1), mos)) for figure in (srcc, plcc, krcc))
    assert all(math.isnan(figure(mos, np.full(30, 0.1))) for figure in (srcc, plcc, krcc))
    result = measure_agreement(np.full(30, 0.1), mos, resamples=10)
    assert math.isnan(result.srcc.low)
    assert result.rmse.value > 0
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert values["srcc"] == {"value": None, "low": None, "high": None}
    assert values["plcc_fitted"]["value"] is None


def test_undefined_resamples_do_not_spoil_an_interval() -> None:
    result = measure_agreement(np.array([0.1, 0.5, 0.9]), np.array([0.2, 0.3, 0.4]), resamples=300)
    assert result.srcc.value == pytest.approx(1)
    assert (result.srcc.low, result.srcc.high) == (pytest.approx(1), pytest.approx(1))


@pytest.mark.parametrize(
    ("scores", "mos", "why"),
    [
        ([0.1, 0.2], [0.1, 0.2], " 3 "),
        ([], [], " 3 "),
        ([0.1, 0.2, 0.3], [0.1, 0.2], "shape"),
        ([[0.1, 0.2, 0.3]], [[0.1, 0.2, 0.3]], "shape"),
        ([0.1, 0.2, math.nan], [0.1, 0.2, 0.3], "finite"),
        ([0.1, 0.2, 0.3], [0.1, math.inf, 0.3], "finite"),
    ],
)
def test_what_cannot_be_compared(scores: list[float], mos: list[float], why: str) -> None:
    with pytest.raises(AgreementUndefined, match=why):
        measure_agreement(np.array(scores), np.array(mos))
