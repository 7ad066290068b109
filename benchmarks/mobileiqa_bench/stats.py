"""Figures of repeated measurements: robust summaries, and ratios with bootstrap intervals over rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .schema import Distribution

RESAMPLES = 10_000
BLOCKS = 10
"""Number of blocks of consecutive runs, for a distribution without rounds."""


class Ratio(NamedTuple):
    """A ratio and its 95 % percentile bootstrap interval (Efron 1979); None if there is only one round."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def distribution(rounds: Sequence[Sequence[float]]) -> Distribution:
    """Returns the figures of all values, in seconds, of all rounds; a round has one value or more."""
    values = np.concatenate([np.asarray(values, np.float64) for values in rounds])
    middle = float(np.median(values))
    return Distribution(
        median=middle,
        p90=float(np.percentile(values, 90)),
        min=float(values.min()),
        mad=float(np.median(np.abs(values - middle))),
        values=tuple(values.tolist()),
        rounds=tuple(float(np.median(values)) for values in rounds),
        p99=float(np.percentile(values, 99)),
    )


def paired_ratio(values: Sequence[float], baseline: Sequence[float]) -> Ratio:
    """Returns the median of the ratios within each round, with its interval over resampled rounds.

    What slows down a whole round affects both, and cancels out.

    Raises:
        ValueError: the numbers of values and baselines differ.
    """
    each = np.array([value / base for value, base in zip(values, baseline, strict=True)])
    return _interval(float(np.median(each)), _resampled_medians(each, seed=0))


def unpaired_ratio(values: Sequence[float], baseline: Sequence[float]) -> Ratio:
    """Returns the ratio of the medians of two runs, whose rounds are independent of each other."""
    one, other = np.asarray(values, np.float64), np.asarray(baseline, np.float64)
    drawn = _resampled_medians(one, seed=0) / _resampled_medians(other, seed=1)
    enough = len(one) > 1 and len(other) > 1
    return _interval(float(np.median(one) / np.median(other)), drawn if enough else drawn[:1])


def block_medians(distribution: Distribution) -> Sequence[float]:
    """Returns the medians of a distribution's rounds, or of ten blocks of consecutive runs if it has none.

    Consecutive runs are correlated, so an interval over single values would be too narrow.
    """
    if distribution.rounds:
        return distribution.rounds
    blocks = np.array_split(
        np.asarray(distribution.values, np.float64), min(BLOCKS, len(distribution.values))
    )
    return [float(np.median(block)) for block in blocks]


def _resampled_medians(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    if len(values) < 2:
        return values
    rows = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    return np.asarray(np.median(values[rows], axis=1))


def _interval(value: float, drawn: NDArray[np.float64]) -> Ratio:
    if len(drawn) < 2:
        return Ratio(value, None, None)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Ratio(value, float(low), float(high))
