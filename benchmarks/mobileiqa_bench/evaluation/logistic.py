"""The logistic curve from the scale of a metric to that of opinions, customarily fitted before PLCC and
RMSE.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit

Floats = npt.NDArray[np.float64]

MIN_PHOTOS = 10
"""Fewer do not determine four parameters."""

_MIDDLES = np.linspace(-0.5, 1.5, 31)
_WIDTHS = np.geomspace(0.02, 20, 7)
"""What is searched, where the scores lie from 0 to 1: from nearly a step to nearly a straight line."""


@dataclass(frozen=True)
class Logistic:
    """``lower + (upper - lower) / (1 + exp(-(x - middle) / width))``, monotonic for all parameters.

    The four-parameter logistic that the Video Quality Experts Group fits before it judges metrics (Final
    report on the validation of objective quality metrics for video quality assessment, 2000), as written
    by Seshadrinathan et al., Study of subjective and objective quality assessment of video, 2010.

    Attributes:
        upper, lower: asymptotes, in units of MOS; where upper is below lower the curve falls.
        middle: the score halfway between them.
        width: how slowly it rises, in units of the score; above 0.
    """

    upper: float
    lower: float
    middle: float
    width: float

    def __call__(self, scores: Floats) -> Floats:
        """Returns scores [N] mapped to the scale of MOS."""
        risen: Floats = self.lower + (self.upper - self.lower) * expit((scores - self.middle) / self.width)
        return risen


def fit_logistic(scores: Floats, mos: Floats) -> Logistic | None:
    """Fits the curve that maps scores [N] to MOS [N] with the least squared error.

    For a given middle and width the asymptotes are a linear regression, so only these two are searched: on a
    grid, and from its best point by least squares. A search of all four from one start, as is customary, ends
    where rounding takes it if the scores say little about the opinions. The width is at least a fiftieth of
    the range of the scores, and the middle at most half that range outside of it.

    Args:
        scores: of the metric, finite.
        mos: opinions, finite.

    Returns:
        The curve, or None if there are fewer than `MIN_PHOTOS`, or if scores or opinions are all the same.

    >>> scores = np.linspace(0, 1, 20)
    >>> curve = fit_logistic(scores, Logistic(0.9, 0.2, 0.7, 0.1)(scores))
    >>> round(curve.upper, 6), round(curve.lower, 6), round(curve.middle, 6), round(curve.width, 6)
    (0.9, 0.2, 0.7, 0.1)
    """
    if len(scores) < MIN_PHOTOS or np.ptp(scores) == 0 or np.ptp(mos) == 0:
        return None
    start, span = float(scores.min()), float(np.ptp(scores))
    x = (scores - start) / span
    best = least_squares(
        lambda shape: _asymptotes(x, mos, *shape)(x) - mos,
        _best_of_grid(x, mos),
        bounds=list(zip(*((axis[0], axis[-1]) for axis in (_MIDDLES, _WIDTHS)), strict=True)),
        x_scale="jac",
        ftol=1e-12,
        xtol=1e-12,
        gtol=1e-12,
    )
    curve = _asymptotes(x, mos, *best.x)
    return Logistic(curve.upper, curve.lower, start + curve.middle * span, curve.width * span)


def _best_of_grid(x: Floats, mos: Floats) -> tuple[float, float]:
    """Returns the middle and the width whose curve correlates best with opinions."""
    middles, widths = (axis.ravel() for axis in np.meshgrid(_MIDDLES, _WIDTHS))
    risen = expit((x - middles[:, None]) / widths[:, None])
    risen -= risen.mean(axis=1, keepdims=True)
    explained = (risen @ (mos - mos.mean())) ** 2 / np.einsum("gn,gn->g", risen, risen)
    best = explained.argmax()
    return float(middles[best]), float(widths[best])


def _asymptotes(x: Floats, mos: Floats, middle: float, width: float) -> Logistic:
    """Returns the curve of this middle and width whose asymptotes suit the opinions best."""
    risen = expit((x - middle) / width)
    centred = risen - risen.mean()
    height = float(centred @ mos / (centred @ centred))
    lower = float(mos.mean() - height * risen.mean())
    return Logistic(lower + height, lower, float(middle), float(width))
