"""What a line would reject: for each score, the good photos lost and the bad ones caught below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..tables import write_table

GOOD = 0.6
"""MOS, on the scale from 0 to 1, from which a photo is good: the lower end of the band of that name."""
BAD = 0.4
"""MOS below which a photo is bad: the upper end of the band ``poor``."""
STEP = 0.05


class Threshold(NamedTuple):
    """What it means to reject photos that score below a line.

    Attributes:
        below: the line.
        rejected: share of all photos that score below it.
        good_lost: share of the good photos that do; None if there is no good photo.
        bad_caught: share of the bad photos that do; None if there is no bad photo.
    """

    below: float
    rejected: float
    good_lost: float | None
    bad_caught: float | None


def measure_thresholds(scores: ArrayLike, mos: ArrayLike) -> list[Threshold]:
    """Returns a line at each multiple of `STEP`, from the last that rejects nothing to the first of all.

    Args:
        scores: the model's, in [0, 1].
        mos: people's opinions of the same photos, in [0, 1].
    """
    x, y = np.asarray(scores, np.float64), np.asarray(mos, np.float64)
    lines = [_threshold(round(step * STEP, 2), x, y) for step in range(round(1 / STEP) + 1)]
    nothing = sum(line.rejected == 0 for line in lines)
    everything = sum(line.rejected == 1 for line in lines)
    return lines[max(0, nothing - 1) : len(lines) - max(0, everything - 1)]


def _threshold(below: float, scores: Any, mos: Any) -> Threshold:
    rejected = scores < below
    return Threshold(
        below, float(rejected.mean()), _share(rejected[mos >= GOOD]), _share(rejected[mos < BAD])
    )


def _share(rejected: Any) -> float | None:
    return float(rejected.mean()) if rejected.size else None


def threshold_table(lines: Sequence[Threshold]) -> str:
    """Returns the lines as a table for a terminal."""
    rows = [
        (
            f"{line.below:.2f}",
            *(_percent(share) for share in (line.rejected, line.good_lost, line.bad_caught)),
        )
        for line in lines
    ]
    header = ("reject below", "of all", f"good lost (MOS from {GOOD:g})", f"bad caught (MOS below {BAD:g})")
    return write_table(header, rows, "rrrr", markdown=False)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
