"""How well scores agree with opinions: SRCC, PLCC, KRCC and RMSE, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Scores = npt.NDArray[np.floating[Any]]

METRICS = ("srcc", "plcc", "krcc", "rmse")


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % percentile bootstrap interval over photos."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """Agreement of scores with MOS over a set of photos.

    Attributes:
        photos: how many.
        srcc: Spearman's rank correlation.
        plcc: Pearson's linear correlation of the raw scores; no logistic curve is fitted first.
        krcc: Kendall's tau-b.
        rmse: root mean square error in MOS units (0..1), of the raw scores too.
    """

    photos: int
    srcc: Interval
    plcc: Interval
    krcc: Interval
    rmse: Interval

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready values."""
        return asdict(self)

    def table(self) -> str:
        """A line per metric: its name, value and interval."""
        lines = [f"{self.photos} photos   value   95 % interval"]
        for name in METRICS:
            figure: Interval = getattr(self, name)
            lines.append(f"{name.upper():12}{figure.value:8.4f}   {figure.low:.4f} to {figure.high:.4f}")
        return "\n".join(lines)


def srcc(scores: Scores, mos: Scores) -> float:
    """Spearman's rank correlation coefficient."""
    return float(stats.spearmanr(scores, mos).statistic)


def plcc(scores: Scores, mos: Scores) -> float:
    """Pearson's linear correlation coefficient of the raw scores."""
    return float(stats.pearsonr(scores, mos).statistic)


def krcc(scores: Scores, mos: Scores) -> float:
    """Kendall's rank correlation coefficient (tau-b)."""
    return float(stats.kendalltau(scores, mos).statistic)


def rmse(scores: Scores, mos: Scores) -> float:
    """Root mean square error."""
    return float(np.sqrt(np.mean((scores - mos) ** 2)))


def agreement(scores: Scores, mos: Scores, *, resamples: int = 1000, seed: int = 0) -> Agreement:
    """All four metrics of scores [N] against MOS [N], with percentile bootstrap intervals (Efron 1979)."""
    functions = (srcc, plcc, krcc, rmse)
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, len(functions)))
    for row in drawn:
        chosen = rng.integers(0, len(mos), len(mos))
        row[:] = [function(scores[chosen], mos[chosen]) for function in functions]
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    figures = [
        Interval(function(scores, mos), float(low[i]), float(high[i])) for i, function in enumerate(functions)
    ]
    return Agreement(len(mos), *figures)
