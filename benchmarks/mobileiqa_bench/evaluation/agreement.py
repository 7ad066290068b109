"""Agreement of scores with opinions: SRCC, PLCC, KRCC and RMSE, with bootstrap intervals."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from ..tables import write_table
from ..units import count
from .errors import AgreementUndefined
from .logistic import Logistic, fit_logistic

Scores = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]

METRICS = ("srcc", "plcc", "krcc", "rmse", "plcc_fitted", "rmse_fitted")
MIN_PHOTOS = 3
"""The correlation of two photos is always 1 or -1, which says nothing."""


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % percentile bootstrap interval over photos.

    All three are NaN if the figure is undefined, as a correlation of scores that are all the same.
    """

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
        plcc_fitted: PLCC of the scores mapped by the logistic curve that fits these photos best. The
            curve may fall, so this one is never negative; SRCC keeps the sign.
        rmse_fitted: RMSE of the mapped scores.
        fitted: False if no curve could be fitted (see :mod:`.logistic`); then the two figures above
            repeat the raw ones.
    """

    photos: int
    srcc: Interval
    plcc: Interval
    krcc: Interval
    rmse: Interval
    plcc_fitted: Interval
    rmse_fitted: Interval
    fitted: bool

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values; None if undefined."""
        values = asdict(self)
        for name in METRICS:
            values[name] = {key: None if math.isnan(value) else value for key, value in values[name].items()}
        return values

    def table(self) -> str:
        """Returns a line for each metric: its name, value and interval."""
        rows = []
        for name in METRICS:
            figure: Interval = getattr(self, name)
            label = name.upper().replace("_FITTED", ", fitted")
            rows.append((label, f"{figure.value:.4f}", f"{figure.low:.4f} to {figure.high:.4f}"))
        header = (count(self.photos, "photo"), "value", "95 % interval")
        table = write_table(header, rows, "lrl", markdown=False)
        if self.fitted:
            return table
        return f"{table}\nno logistic curve could be fitted: the fitted figures are the raw ones"


def srcc(scores: Scores, mos: Scores) -> float:
    """Returns Spearman's rank correlation coefficient; NaN if all scores, or all opinions, are the same."""
    return plcc(stats.rankdata(scores), stats.rankdata(mos))


def plcc(scores: Scores, mos: Scores) -> float:
    """Returns Pearson's linear correlation coefficient of the raw scores; NaN as for :func:`srcc`."""
    x, y = np.asarray(scores, np.float64), np.asarray(mos, np.float64)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    # The root of each factor, because the product may underflow.
    return float(np.clip(x @ y / (math.sqrt(x @ x) * math.sqrt(y @ y)), -1, 1))


def krcc(scores: Scores, mos: Scores) -> float:
    """Returns Kendall's rank correlation coefficient (tau-b); NaN as for :func:`srcc`."""
    return float(stats.kendalltau(scores, mos).statistic)


def rmse(scores: Scores, mos: Scores) -> float:
    """Returns the root mean square error."""
    return float(np.sqrt(np.mean((np.asarray(scores, np.float64) - mos) ** 2)))


def measure_agreement(scores: Scores, mos: Scores, *, resamples: int = 1000, seed: int = 0) -> Agreement:
    """Returns all metrics of scores [N] against MOS [N], with percentile bootstrap intervals (Efron 1979).

    The logistic curve is fitted again to every resample. Resamples in which a correlation is undefined are
    left out of its interval.

    Raises:
        AgreementUndefined: fewer than `MIN_PHOTOS` photos, arrays of different lengths, or values that
            are not finite.

    >>> scores, mos = np.array([0.1, 0.5, 0.4, 0.9]), np.array([0.2, 0.3, 0.4, 0.8])
    >>> agreement = measure_agreement(scores, mos, resamples=10)
    >>> agreement.photos, round(agreement.srcc.value, 2)
    (4, 0.8)
    """
    x, y = np.asarray(scores, np.float64), np.asarray(mos, np.float64)
    _check(x, y)
    curve = fit_logistic(x, y)
    values = _figures(x, y, curve)
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, len(values)))
    for row in drawn:
        rows = rng.integers(0, len(x), len(x))
        refitted = None if curve is None else fit_logistic(x[rows], y[rows])
        row[:] = _figures(x[rows], y[rows], refitted or curve)
    figures = dict(zip(METRICS, map(_interval, values, drawn.T), strict=True))
    return Agreement(photos=len(x), fitted=curve is not None, **figures)


def _check(scores: Floats, mos: Floats) -> None:
    if scores.ndim != 1 or scores.shape != mos.shape:
        raise AgreementUndefined(
            f"scores of shape {scores.shape} cannot be compared with MOS of shape {mos.shape}; "
            "pass one score and one MOS per photo"
        )
    if len(scores) < MIN_PHOTOS:
        raise AgreementUndefined(
            f"agreement needs at least {MIN_PHOTOS} rated photos that could be scored, not {len(scores)}"
        )
    if not (np.isfinite(scores).all() and np.isfinite(mos).all()):
        raise AgreementUndefined("scores and MOS must be finite; leave photos without them out")


def _figures(scores: Floats, mos: Floats, curve: Logistic | None) -> tuple[float, ...]:
    mapped = scores if curve is None else curve(scores)
    return (
        srcc(scores, mos),
        plcc(scores, mos),
        krcc(scores, mos),
        rmse(scores, mos),
        plcc(mapped, mos),
        rmse(mapped, mos),
    )


def _interval(value: float, drawn: Floats) -> Interval:
    defined = drawn[np.isfinite(drawn)]
    if math.isnan(value) or not len(defined):
        return Interval(value, math.nan, math.nan)
    low, high = np.percentile(defined, (2.5, 97.5))
    return Interval(value, float(low), float(high))
