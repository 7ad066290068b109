"""How often the better of two nearly equal photos is named: pairs of near-duplicates that people rated.

Agreement over a whole set says little about a burst, whose photos differ by less than those of a set. Pairs
that look almost the same are found by their perceptual hashes; their opinions say which one is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mobileiqa_sdk.bursts.best import Seen, look_again, read_look
from mobileiqa_sdk.bursts.capture import read_capture
from mobileiqa_sdk.bursts.looks import Look
from mobileiqa_sdk.bursts.preference import preferences
from mobileiqa_sdk.bursts.reasons import Evidence
from mobileiqa_sdk.scorer import Scorer

from ..tables import write_table
from ..units import count
from .agreement import Interval
from .opinions import Judged

NEAR = 8
"""Two photos are near-duplicates if their 64-bit hashes differ in at most this many bits."""
APART = 0.05
"""Difference of the mean opinions, on the scale from 0 to 1, above which people prefer one of two photos."""
_BLOCK = 512  # photos compared with all others at once

Flags = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairAccuracy:
    """How often the photo that people prefer is named, of pairs of near-duplicates.

    Attributes:
        pairs: how many, with opinions more than `APART` apart.
        groups: of near-duplicates, in which the pairs are; intervals are over groups.
        score: share of pairs, 0 to 1, whose better photo has the higher score; half of those with equal ones.
        best: the same for what `mobileiqa best` goes by, the score and the second look.
    """

    pairs: int
    groups: int
    score: Interval
    best: Interval

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values."""
        return asdict(self)

    def table(self) -> str:
        """Returns a line for the score, and one for the order of `mobileiqa best`."""
        title = f"{count(self.pairs, 'pair')} of {count(self.groups, 'group')} of near-duplicates"
        rows = [
            (name, f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}")
            for name, figure in (("the higher score", self.score), ("mobileiqa best", self.best))
        ]
        return write_table((title, "right", "95 % interval"), rows, "lrl", markdown=False)


def measure_pairs(
    scorer: Scorer, rows: Sequence[Judged], *, resamples: int = 1000, seed: int = 0
) -> PairAccuracy | None:
    """Compares the order within pairs of near-duplicates with people's.

    Args:
        scorer: that scored the photos; those of pairs are scored again, and looked at.
        rows: of rated photos; rows without a score are left out.
        resamples: of the bootstrap over groups.
        seed: of the bootstrap.

    Returns:
        The accuracy, or None if no pair has opinions far enough apart.
    """
    scored = [row for row in rows if row.score is not None]
    looks = [read_look(str(row.photo.path)) for row in scored]
    near = near_pairs(looks)
    mos = [row.photo.mos for row in scored]
    rated = [(first, second) for first, second in near if abs(mos[first] - mos[second]) > APART]
    if not rated:
        return None
    seen = {number: _seen(scorer, scored[number], looks[number]) for pair in rated for number in pair}
    by_score, by_best = [], []
    for first, second in rated:
        if mos[first] < mos[second]:
            first, second = second, first
        better, worse = seen[first], seen[second]
        by_score.append(_preferred(better.assessment.score, worse.assessment.score))
        by_best.append(_preferred(*preferences(_evidence(better, worse))))
    groups = _groups(len(scored), near)
    of_pairs = np.array([groups[first] for first, _ in rated])
    rng = np.random.default_rng(seed)
    draws = [_draw(of_pairs, rng) for _ in range(resamples)]
    return PairAccuracy(
        pairs=len(rated),
        groups=len(np.unique(of_pairs)),
        score=_interval(np.array(by_score), draws),
        best=_interval(np.array(by_best), draws),
    )


def near_pairs(looks: Sequence[Look]) -> list[tuple[int, int]]:
    """Returns the pairs (i, j), i < j, of photos whose hashes differ in at most `NEAR` bits."""
    if not looks:
        return []
    hashes = np.where(np.stack([look.hash for look in looks]), 1, -1).astype(np.float32)
    pairs = []
    for start in range(0, len(looks), _BLOCK):
        different = (64 - hashes[start : start + _BLOCK] @ hashes.T) / 2
        pairs += [(start + int(row), int(other)) for row, other in np.argwhere(different <= NEAR)]
    return [(first, second) for first, second in pairs if first < second]


def _seen(scorer: Scorer, row: Judged, look: Look) -> Seen:
    path = str(row.photo.path)
    return Seen(scorer.assess(path), look, read_capture(path))


def _evidence(*pair: Seen) -> list[Evidence]:
    evidence = []
    for result in look_again(pair, workers=1):
        if not isinstance(result, Evidence):
            raise result
        evidence.append(result)
    return evidence


def _preferred(better: float, worse: float) -> float:
    return 0.5 if better == worse else float(better > worse)


def _groups(photos: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Returns the group of each photo: the smallest number of a photo that pairs lead to."""
    group = list(range(photos))

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        group[high] = low
    return [root(number) for number in range(photos)]


def _draw(groups: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Returns the rows of a resample: those of as many groups, drawn with replacement."""
    names = np.unique(groups)
    chosen = rng.choice(names, len(names))
    return np.concatenate([np.flatnonzero(groups == name) for name in chosen])


def _interval(right: Flags, draws: Sequence[npt.NDArray[np.int64]]) -> Interval:
    low, high = np.percentile([right[rows].mean() for rows in draws], (2.5, 97.5))
    return Interval(float(right.mean()), float(low), float(high))
