"""Measures how far scores are from a reference, and how well they keep its ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.bands import band

Scores = NDArray[np.float64]

CLOSE = 0.05
"""Pairs of images closer than this in the reference are counted on their own: they may change order."""
CLEAR = 0.02
"""Pairs of images further apart than this in the reference should keep their order."""
MIN_INFORMATIVE = 16
"""Fewest images to judge a ranking on, neither clamped nor tied in the reference."""
_SAME_SCORE = 1e-6


@dataclass(frozen=True)
class Flips:
    """Pairs of images, and how many of them the artifact does not order as the reference does."""

    pairs: int
    flipped: int

    @property
    def share(self) -> float:
        """Flipped share of the pairs, in [0, 1]; 0 without pairs."""
        return self.flipped / self.pairs if self.pairs else 0.0


@dataclass(frozen=True)
class BandError:
    """|difference| over the images that the reference puts in one band of scores."""

    band: str
    images: int
    mean: float
    max: float


@dataclass(frozen=True)
class Drift:
    """The scores of an artifact compared with those of a reference, over a set of images.

    Attributes:
        images: how many were scored.
        unanswered: how many of them the artifact did not answer with a score; all other figures leave
            them out.
        informative: images that say something about the ranking: the reference's score is neither 0 nor 1,
            where a network clamps, nor equal to that of another image.
        spread: largest minus smallest score of the reference.
        max_difference: largest |artifact - reference|; None where nothing was answered.
        mean_difference: mean of the same, without images that both clamp to the same end, if there are
            others; None where nothing was answered.
        srcc, plcc, krcc: Spearman's, Pearson's and Kendall's (tau-b) correlation over the informative
            images; None where undefined.
        flips: over all pairs the reference tells apart, without images that both clamp to the same end. A
            tie in the artifact is a flip.
        flips_close: over the pairs closer than 0.05 in the reference.
        flips_clear: over the pairs further apart than 0.02 in the reference.
        bands: the error by band of the reference's score, lowest band first; empty bands are left out.
    """

    images: int
    unanswered: int
    informative: int
    spread: float
    max_difference: float | None
    mean_difference: float | None
    srcc: float | None
    plcc: float | None
    krcc: float | None
    flips: Flips
    flips_close: Flips
    flips_clear: Flips
    bands: list[BandError]

    @property
    def has_ranking(self) -> bool:
        """Whether the reference tells at least two images clearly apart."""
        return self.flips_clear.pairs > 0

    @property
    def not_judged(self) -> str:
        """Why the figures say nothing about the ranking, in words; empty if they do."""
        if not self.has_ranking:
            return f"no two images are {CLEAR} apart in the reference"
        if self.informative < MIN_INFORMATIVE:
            return (
                f"only {self.informative} of {self.images} images say something about the ranking (scored "
                f"neither 0 nor 1 nor like another image), {MIN_INFORMATIVE} are needed"
            )
        return ""


def measure_drift(reference: Sequence[float], scores: Sequence[float | None]) -> Drift:
    """Compares scores [N] with the reference's [N], N >= 1. Needs scipy."""
    answered = [index for index, score in enumerate(scores) if score is not None and isfinite(score)]
    expected = np.asarray(reference, np.float64)[answered]
    actual = np.asarray([scores[index] for index in answered], np.float64)
    errors = np.abs(actual - expected)
    informative, evidence = _informative(expected), _evidence(expected, actual)
    gaps, kept = _pairs(expected[evidence], actual[evidence])
    srcc, plcc, krcc = _correlations(expected[informative], actual[informative])
    return Drift(
        images=len(scores),
        unanswered=len(scores) - len(answered),
        informative=int(informative.sum()),
        spread=float(np.ptp(reference)),
        max_difference=float(errors.max()) if answered else None,
        mean_difference=float((errors[evidence] if evidence.any() else errors).mean()) if answered else None,
        srcc=srcc,
        plcc=plcc,
        krcc=krcc,
        flips=_flips(kept, gaps > 0),
        flips_close=_flips(kept, (gaps > 0) & (gaps < CLOSE)),
        flips_clear=_flips(kept, gaps > CLEAR),
        bands=_bands(expected, errors),
    )


def _informative(expected: Scores) -> NDArray[np.bool_]:
    """Marks scores that are not clamped, and the first of those that are equal."""
    unclamped: NDArray[np.bool_] = np.equal(_end(expected), 0)
    first = np.zeros(len(expected), np.bool_)
    first[np.unique(np.round(expected / _SAME_SCORE), return_index=True)[1]] = True
    return unclamped & first


def _end(scores: Scores) -> NDArray[np.int64]:
    """Returns -1 for scores that are clamped at 0, 1 for those at 1, and 0 between."""
    return (scores >= 1 - _SAME_SCORE).astype(np.int64) - (scores <= _SAME_SCORE)


def _evidence(expected: Scores, actual: Scores) -> NDArray[np.bool_]:
    """Marks all scores but those clamped alike, which agree however far apart they were before that."""
    return np.asarray((_end(expected) == 0) | (_end(expected) != _end(actual)), np.bool_)


def _pairs(expected: Scores, actual: Scores) -> tuple[Scores, NDArray[np.bool_]]:
    """Returns |difference| of the reference for every pair, and whether the artifact keeps its order."""
    first, second = np.triu_indices(len(expected), 1)
    before, after = expected[first] - expected[second], actual[first] - actual[second]
    return np.abs(before), before * after > 0


def _flips(kept: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Flips:
    return Flips(int(chosen.sum()), int((chosen & ~kept).sum()))


def _correlations(expected: Scores, actual: Scores) -> tuple[float | None, float | None, float | None]:
    from ..evaluation.agreement import krcc, plcc, srcc

    def defined(metric: Callable[[Scores, Scores], float]) -> float | None:
        value = metric(expected, actual) if len(expected) > 1 else np.nan
        return float(value) if np.isfinite(value) else None

    return defined(srcc), defined(plcc), defined(krcc)


def _bands(expected: Scores, errors: Scores) -> list[BandError]:
    names = np.array([band(min(max(float(score), 0.0), 1.0)) for score in expected])
    rows = []
    for name in dict.fromkeys(names[np.argsort(expected, kind="stable")]):
        inside = errors[names == name]
        rows.append(BandError(str(name), len(inside), float(inside.mean()), float(inside.max())))
    return rows
