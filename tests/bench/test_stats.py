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
    found = distribution([[1.0, 2.0, 3.0], [4.0, 100.0]])
    assert found.median == 3.0
    assert found.mad == 1.0  # of 2, 1, 0, 1, 97
    assert found.min == 1.0
    assert found.p90 == pytest.approx(61.6)  # between 4 and 100, linearly
    assert found.values == (1.0, 2.0, 3.0, 4.0, 100.0)
    assert found.rounds == (2.0, 52.0)


@given(st.lists(st.lists(SECONDS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_figures_of_a_distribution_are_in_order(rounds: list[list[float]]) -> None:
    found = distribution(rounds)
    assert found.min <= found.median <= found.p90 <= max(found.values)
    assert found.mad >= 0
    assert len(found.rounds) == len(rounds)


def test_ratios_are_taken_within_each_round() -> None:
    # The machine is four times slower in the second round; the ratio is not touched.
    found = paired_ratio([2.0, 8.0, 2.0], [1.0, 4.0, 1.0])
    assert found == (2.0, 2.0, 2.0)
    assert str(found) == "2.000 (2.000 to 2.000)"


def test_one_round_has_no_interval() -> None:
    assert paired_ratio([3.0], [2.0]) == (1.5, None, None)
    assert str(paired_ratio([3.0], [2.0])) == "1.500"
    assert unpaired_ratio([3.0], [2.0, 2.0]) == (1.5, None, None)


def test_paired_ratios_need_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1.0, 2.0], [1.0])


@given(st.lists(SECONDS, min_size=2, max_size=8))
def test_intervals_hold_their_value_and_lie_within_the_rounds(values: list[float]) -> None:
    found = paired_ratio(values, [1.0] * len(values))
    assert found.low is not None
    assert found.high is not None
    assert min(values) <= found.low <= found.value <= found.high <= max(values)


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
    found = unpaired_ratio([2.0, 2.2, 1.8], [1.0, 1.1, 0.5])
    assert found.value == 2.0  # of the medians, which a slow or fast round does not move
    assert found.low < 2 < found.high  # type: ignore[operator]


def test_rounds_are_made_of_neighbours_where_none_are_told() -> None:
    found = distribution([[float(n) for n in range(100)]])
    assert block_medians(found) == (49.5,)
    found = msgspec.structs.replace(found, rounds=())
    assert block_medians(found) == [4.5 + 10 * n for n in range(10)]
    assert block_medians(msgspec.structs.replace(found, values=(1.0, 2.0))) == [1.0, 2.0]
