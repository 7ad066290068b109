from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mobileiqa_bench.stats import RESAMPLES, block_medians, distribution, paired_ratio, unpaired_ratio

SECONDS = st.floats(1e-6, 1e3)


def test_a_distribution_by_hand() -> None:
    actual = distribution([[1.0, 2.0, 3.0], [4.0, 100.0]])
    assert actual.median == 3.0
    assert actual.mad == 1.0  # of 2, 1, 0, 1, 97
    assert actual.min == 1.0
    assert actual.p90 == pytest.approx(61.6)  # between 4 and 100, linearly
    assert actual.values == (1.0, 2.0, 3.0, 4.0, 100.0)
    assert actual.rounds == (2.0, 52.0)


@given(st.lists(st.lists(SECONDS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_figures_of_a_distribution_are_in_order(rounds: list[list[float]]) -> None:
    actual = distribution(rounds)
    assert actual.min <= actual.median <= actual.p90 <= max(actual.values)
    assert actual.mad >= 0
    assert len(actual.rounds) == len(rounds)


def test_ratios_are_taken_within_each_round() -> None:
    # The machine is four times slower in the second round; the ratio is not touched.
    actual = paired_ratio([2.0, 8.0, 2.0], [1.0, 4.0, 1.0])
    assert actual == (2.0, 2.0, 2.0)
    assert str(actual) == "2.000 (2.000 to 2.000)"


def test_one_round_has_no_interval() -> None:
    assert paired_ratio([3.0], [2.0]) == (1.5, None, None)
    assert str(paired_ratio([3.0], [2.0])) == "1.500"
    assert unpaired_ratio([3.0], [2.0, 2.0]) == (1.5, None, None)


def test_paired_ratios_need_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1.0, 2.0], [1.0])


@given(st.lists(SECONDS, min_size=2, max_size=8))
def test_intervals_hold_their_value_and_lie_within_the_rounds(values: list[float]) -> None:
    actual = paired_ratio(values, [1.0] * len(values))
    assert actual.low is not None
    assert actual.high is not None
    assert min(values) <= actual.low <= actual.value <= actual.high <= max(values)


def test_intervals_are_the_same_each_time_and_narrow_with_rounds() -> None:
    rng = np.random.default_rng(1)
    many = rng.normal(1, 0.1, 200).tolist()
    few = many[:5]
    assert paired_ratio(few, [1.0] * 5) == paired_ratio(few, [1.0] * 5)
    wide, narrow = paired_ratio(few, [1.0] * 5), paired_ratio(many, [1.0] * 200)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)  # type: ignore[operator]


def test_intervals_are_those_of_scipy_at_the_same_draws() -> None:
    rng = np.random.default_rng(2)
    values, baseline = rng.normal(2, 0.2, 15), rng.normal(1, 0.1, 15)
    ratio = paired_ratio(values.tolist(), baseline.tolist())
    expected = stats.bootstrap(
        (values / baseline,),
        np.median,
        n_resamples=RESAMPLES,
        confidence_level=0.95,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert (ratio.low, ratio.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_intervals_of_different_runs_are_those_of_scipys_percentiles() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(2, 0.2, 9), rng.normal(1, 0.1, 6)
    ratio = unpaired_ratio(one.tolist(), other.tolist())
    drawn = [
        np.median(rows[np.random.default_rng(seed).integers(0, len(rows), (RESAMPLES, len(rows)))], axis=1)
        for seed, rows in enumerate((one, other))
    ]
    low, high = stats.mstats.mquantiles(drawn[0] / drawn[1], (0.025, 0.975), alphap=1, betap=1)
    assert (ratio.low, ratio.high) == (pytest.approx(low), pytest.approx(high))


def test_ratios_of_different_runs() -> None:
    actual = unpaired_ratio([2.0, 2.2, 1.8], [1.0, 1.1, 0.5])
    assert actual.value == 2.0  # of the medians, which a slow or fast round does not move
    assert actual.low < 2 < actual.high  # type: ignore[operator]


def test_rounds_are_made_of_neighbours_where_none_are_told() -> None:
    actual = distribution([[float(n) for n in range(100)]])
    assert block_medians(actual) == (49.5,)
    actual = msgspec.structs.replace(actual, rounds=())
    assert block_medians(actual) == [4.5 + 10 * n for n in range(10)]
    assert block_medians(msgspec.structs.replace(actual, values=(1.0, 2.0))) == [1.0, 2.0]
