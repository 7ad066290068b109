"""How far the scores of an artifact are from a reference's, and whether they still rank the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.bands import band

Scores = NDArray[np.float64]

CLOSE = 0.05
CLEAR = 0.02
MIN_SRCC = 0.99
MAX_FLIPS = 0.01


@dataclass(frozen=True)
class Flips:
    """Pairs of images, and how many the artifact does not order as the reference does."""

    pairs: int
    flipped: int

    @property
    def share(self) -> float:
        """0 to 1; 0 where there are no pairs."""
        return self.flipped / self.pairs if self.pairs else 0.0


@dataclass(frozen=True)
class BandError:
    """|difference| among the images that the reference puts in one band of scores."""

    band: str
    images: int
    mean: float
    max: float


@dataclass(frozen=True)
class Drift:
    """Scores of an artifact against a reference's, over a set of images.

    Attributes:
        images: how many.
        spread: largest less smallest score of the reference.
        max_difference, mean_difference: of |artifact - reference|.
        srcc, plcc, krcc: Spearman's, Pearson's and Kendall's (tau-b) correlation; None where one side
            gives all images the same score.
        flips: of all pairs that the reference tells apart. A tie in the artifact is a flip.
        flips_close: of the pairs that are closer than 0.05 in the reference.
        flips_clear: of the pairs that are further apart than 0.02 in the reference.
        bands: the error by bands of the reference's score, the lowest first; empty ones left out.
    """

    images: int
    spread: float
    max_difference: float
    mean_difference: float
    srcc: float | None
    plcc: float | None
    krcc: float | None
    flips: Flips
    flips_close: Flips
    flips_clear: Flips
    bands: list[BandError]


def drift(reference: Sequence[float], scores: Sequence[float]) -> Drift:
    """Compare scores [N] with the reference's [N], N >= 1. Needs scipy."""
    from ..evaluation.agreement import krcc, plcc, srcc

    expected, found = np.asarray(reference, np.float64), np.asarray(scores, np.float64)
    off = np.abs(found - expected)
    apart, kept = _pairs(expected, found)
    return Drift(
        images=len(expected),
        spread=float(np.ptp(expected)),
        max_difference=float(off.max()),
        mean_difference=float(off.mean()),
        srcc=_defined(srcc, expected, found),
        plcc=_defined(plcc, expected, found),
        krcc=_defined(krcc, expected, found),
        flips=_flips(kept, apart > 0),
        flips_close=_flips(kept, (apart > 0) & (apart < CLOSE)),
        flips_clear=_flips(kept, apart > CLEAR),
        bands=_bands(expected, off),
    )


def failures(found: Drift, limit: float | None) -> list[str]:
    """What keeps the scores from being accepted, a sentence each; empty where they pass.

    Where the reference itself gives all images nearly the same score there is no ranking to keep, and
    only the differences count; :func:`ranking_is_judged` tells.
    """
    wrong = []
    if limit is not None and not found.max_difference <= limit:
        wrong.append(f"a score is {found.max_difference:.1e} away from the reference, more than {limit:.0e}")
    if not ranking_is_judged(found):
        if not found.max_difference <= CLEAR:
            wrong.append(f"a score is {found.max_difference:.3f} away from a reference that hardly varies")
        return wrong
    if found.srcc is None or not found.srcc >= MIN_SRCC:
        shown = "undefined" if found.srcc is None else f"{found.srcc:.4f}"
        wrong.append(f"SRCC with the reference is {shown}, less than {MIN_SRCC}")
    if not found.flips_clear.share <= MAX_FLIPS:
        wrong.append(
            f"{found.flips_clear.share:.1%} of the pairs further apart than {CLEAR} change their order, "
            f"more than {MAX_FLIPS:.0%}"
        )
    return wrong


def ranking_is_judged(found: Drift) -> bool:
    """Whether the reference tells at least two of the images clearly apart."""
    return found.flips_clear.pairs > 0


def _pairs(expected: Scores, found: Scores) -> tuple[Scores, NDArray[np.bool_]]:
    """|difference| of the reference for every pair, and whether the artifact keeps its order."""
    first, second = np.triu_indices(len(expected), 1)
    before, after = expected[first] - expected[second], found[first] - found[second]
    return np.abs(before), before * after > 0


def _flips(kept: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Flips:
    return Flips(int(chosen.sum()), int((chosen & ~kept).sum()))


def _defined(metric: Callable[[Scores, Scores], float], expected: Scores, found: Scores) -> float | None:
    value = metric(expected, found) if np.isfinite(found).all() else math.nan
    return value if math.isfinite(value) else None


def _bands(expected: Scores, off: Scores) -> list[BandError]:
    names = np.array([band(min(max(float(score), 0.0), 1.0)) for score in expected])
    found = []
    for name in dict.fromkeys(names[np.argsort(expected, kind="stable")]):
        inside = off[names == name]
        found.append(BandError(str(name), len(inside), float(inside.mean()), float(inside.max())))
    return found
