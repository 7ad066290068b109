"""Figures of drift, and the gate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mobileiqa_bench.fidelity.drift import Flips, drift, failures, ranking_is_judged

REFERENCE = list(np.linspace(0.1, 0.9, 41))


def test_the_figures_by_hand() -> None:
    found = drift([0.1, 0.3, 0.31, 0.9], [0.1, 0.34, 0.33, 0.8])
    assert found.max_difference == pytest.approx(0.1)
    assert found.mean_difference == pytest.approx((0.04 + 0.02 + 0.1) / 4)
    assert found.spread == pytest.approx(0.8)
    assert found.flips == Flips(6, 1)
    assert found.flips_close == Flips(1, 1)
    assert found.flips_clear == Flips(5, 0)
    assert [(row.band, row.images) for row in found.bands] == [("bad", 1), ("poor", 2), ("excellent", 1)]
    assert found.bands[1].mean == pytest.approx(0.03)
    assert found.bands[1].max == pytest.approx(0.04)


def test_correlations_are_scipys() -> None:
    rng = np.random.default_rng(3)
    scores = np.array(REFERENCE) + rng.normal(0, 0.05, len(REFERENCE))
    found = drift(REFERENCE, list(scores))
    assert found.srcc == pytest.approx(stats.spearmanr(REFERENCE, scores).statistic)
    assert found.plcc == pytest.approx(stats.pearsonr(REFERENCE, scores).statistic)
    assert found.krcc == pytest.approx(stats.kendalltau(REFERENCE, scores).statistic)


def test_the_same_scores_pass() -> None:
    found = drift(REFERENCE, REFERENCE)
    assert failures(found, 1e-9) == []
    assert found.srcc == pytest.approx(1)


def test_an_artifact_that_always_answers_the_same_fails() -> None:
    found = drift(REFERENCE, [0.5] * len(REFERENCE))
    assert found.srcc is None
    assert found.flips_clear.share == 1
    assert any("SRCC with the reference is undefined" in wrong for wrong in failures(found, None))


def test_not_a_number_fails() -> None:
    found = drift(REFERENCE, [*REFERENCE[1:], float("nan")])
    assert len(failures(found, 0.5)) == 3


@pytest.mark.parametrize(("limit", "count"), [(None, 0), (0.02, 0), (0.005, 1)])
def test_the_largest_difference(limit: float | None, count: int) -> None:
    assert len(failures(drift(REFERENCE, [score + 0.01 for score in REFERENCE]), limit)) == count


def test_a_broken_ranking_fails_on_both_bars() -> None:
    shuffled = list(np.random.default_rng(1).permutation(REFERENCE))
    wrong = failures(drift(REFERENCE, shuffled), None)
    assert [sentence.split()[0] for sentence in wrong] == ["SRCC", wrong[1].split()[0]]
    assert "change their order" in wrong[1]


def test_a_reference_without_a_ranking_is_judged_by_differences() -> None:
    flat = [0.5 + i * 1e-4 for i in range(10)]
    mixed = drift(flat, flat[::-1])
    assert not ranking_is_judged(mixed)
    assert failures(mixed, None) == []
    assert "hardly varies" in failures(drift(flat, [score + 0.1 for score in flat]), None)[0]
