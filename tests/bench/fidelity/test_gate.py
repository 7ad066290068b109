"""What the gate lets through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mobileiqa_bench.fidelity.drift import CLEAR, MIN_INFORMATIVE, measure_drift
from mobileiqa_bench.fidelity.gate import ANY_PRECISION, MIN_SRCC, Limits, failures

REFERENCE = list(np.linspace(0.1, 0.9, 41))


def reasons(reference: list[float], scores: list[float | None], limits: Limits = ANY_PRECISION) -> list[str]:
    return failures(measure_drift(reference, scores), limits, "first.png")


def test_equal_scores_pass() -> None:
    assert reasons(REFERENCE, list(REFERENCE), Limits(1e-9, 1e-9)) == []
    assert reasons(REFERENCE, list(REFERENCE)) == []


def test_a_constant_artifact_fails() -> None:
    assert any("SRCC" in reason for reason in reasons(REFERENCE, [0.5] * 41))


@pytest.mark.parametrize("count", [1, 41])
def test_missing_answers_fail_and_the_first_is_named(count: int) -> None:
    (first, *_) = reasons(REFERENCE, [None] * count + list(REFERENCE[count:]))
    assert f"{count} of 41" in first
    assert "first.png" in first


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        (Limits(0.0100001, 0.0100001), 0),
        (Limits(0.0099999, 1), 1),
        (Limits(1, 0.0099999), 1),
        (Limits(0.005, 0.005), 2),
    ],
)
def test_both_differences_have_a_limit(limits: Limits, failed: int) -> None:
    assert len(reasons(REFERENCE, [score + 0.01 for score in REFERENCE], limits)) == failed


def test_every_score_times_a_factor_fails_although_the_ranking_holds() -> None:
    drift = measure_drift(REFERENCE, [0.6 * score for score in REFERENCE])
    assert drift.srcc == pytest.approx(1)
    assert len(failures(drift, ANY_PRECISION)) == 2


def test_one_wrong_score_among_clamped_ones_fails() -> None:
    """With a wrong input range, a published network's only informative score was 0.35 away."""
    actual = reasons([0.0] * 9 + [0.5767], [0.0] * 9 + [0.2232])
    assert any("3.5e-01" in reason for reason in actual)
    assert any("not judged" in reason for reason in actual)


@pytest.mark.parametrize(("informative", "judged"), [(MIN_INFORMATIVE, True), (MIN_INFORMATIVE - 1, False)])
def test_a_ranking_needs_enough_images(informative: int, judged: bool) -> None:
    scores = [*np.linspace(0.1, 0.9, informative), *[0.0] * 30, *[1.0] * 30]
    actual = reasons(scores, list(scores))
    assert (actual == []) == judged
    assert all("not judged" in reason for reason in actual)


def test_limits_below_any_visible_difference_need_no_ranking() -> None:
    assert reasons([0.2, 0.5, 0.9], [0.2, 0.5, 0.9], Limits(0.005, 0.005)) == []


def test_a_broken_ranking_fails_on_both_bars() -> None:
    shuffled = list(np.random.default_rng(1).permutation(REFERENCE))
    actual = reasons(REFERENCE, shuffled, Limits(2, 2))
    assert len(actual) == 2
    assert "SRCC" in actual[0]
    assert "order" in actual[1]


def test_a_reference_without_a_ranking_is_judged_by_differences() -> None:
    flat = [0.5 + index * 1e-4 for index in range(20)]
    assert reasons(flat, flat[::-1]) == []
    assert len(reasons(flat, [score + 0.021 for score in flat])) == 1


def test_limits_of_a_clear_difference_need_no_ranking() -> None:
    """Scores that move by less than half of it keep the order of every pair further apart."""
    assert not Limits(CLEAR, CLEAR).needs_ranking
    assert Limits(1.001 * CLEAR, CLEAR).needs_ranking


@pytest.mark.parametrize(("srcc", "passes"), [(MIN_SRCC, True), (0.98999, False), (None, False)])
def test_the_lowest_srcc_that_passes(srcc: float | None, passes: bool) -> None:
    drift = replace(measure_drift(REFERENCE, list(REFERENCE)), srcc=srcc)
    assert (failures(drift, ANY_PRECISION) == []) is passes
