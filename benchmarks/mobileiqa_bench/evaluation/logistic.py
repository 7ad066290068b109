"""The logistic curve from the scale of a metric to that of opinions, customarily fitted before PLCC and
RMSE.
"""

from __future__ import annotations

import warnings
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.special import expit

Floats = npt.NDArray[np.float64]

MIN_PHOTOS = 10
"""Fewer do not determine four parameters."""


@dataclass(frozen=True)
class Logistic:
    """``lower + (upper - lower) / (1 + exp(-(x - middle) / |width|))``, monotonic for all parameters.

    The four-parameter logistic that the Video Quality Experts Group fits before it judges metrics (Final
    report on the validation of objective quality metrics for video quality assessment, 2000), as written
    by Seshadrinathan et al., Study of subjective and objective quality assessment of video, 2010.

    Attributes:
        upper, lower: asymptotes, in units of MOS; where upper is below lower the curve falls.
        middle: the score halfway between them.
        width: how slowly it rises, in units of the score; its sign does not matter.
    """

    upper: float
    lower: float
    middle: float
    width: float

    def __call__(self, scores: Floats) -> Floats:
        """Returns scores [N] mapped to the scale of MOS."""
        return _curve(scores, *astuple(self))


def fit_logistic(scores: Floats, mos: Floats, start: Logistic | None = None) -> Logistic | None:
    """Fits the curve that maps scores [N] to MOS [N] with the least squared error (Levenberg-Marquardt).

    Args:
        scores: of the metric, finite.
        mos: opinions, finite.
        start: parameters to start from. By default the customary ones: the range of MOS, and the mean and
            standard deviation of the scores.

    Returns:
        The curve, or None if there are fewer than `MIN_PHOTOS`, if scores or opinions are all the same, or
        if the search does not converge.
    """
    if len(scores) < MIN_PHOTOS or np.ptp(scores) == 0 or np.ptp(mos) == 0:
        return None
    if start is None:
        start = Logistic(float(mos.max()), float(mos.min()), float(scores.mean()), float(scores.std()))
    try:
        # curve_fit also computes a covariance, unused here, which may be infinite or overflow.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", OptimizeWarning)
            parameters, _ = curve_fit(_curve, scores, mos, p0=astuple(start), jac=_slopes, maxfev=2000)
    except RuntimeError:  # no convergence
        return None
    curve = Logistic(*map(float, parameters))
    return curve if np.isfinite(parameters).all() and curve.width != 0 else None


def _curve(x: Floats, upper: float, lower: float, middle: float, width: float) -> Floats:
    risen: Floats = lower + (upper - lower) * expit((x - middle) / abs(width))
    return risen


def _slopes(x: Floats, upper: float, lower: float, middle: float, width: float) -> Floats:
    """Returns the derivatives of the curve by its parameters, [N, 4]."""
    z = (x - middle) / abs(width)
    share = expit(z)
    steep = (upper - lower) * share * (1 - share)
    slopes: Floats = np.stack([share, 1 - share, -steep / abs(width), -steep * z / width], axis=1)
    return slopes
