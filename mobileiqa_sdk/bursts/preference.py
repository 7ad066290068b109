"""Which photo of a burst is the best: the score, the faults, and a second look at the photo's own pixels.

Scores of photos of one scene are close, and what a fault costs depends on the scene; that one photo has more
of a fault than another does not. Where a model sees photos shrunk, it cannot tell those apart that differ by
a little blur. Within one scene, their sharpness can be compared at their own pixels. Where it sees all
pixels, it knows better than a measure does. docs/bursts.md has how often each is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from .reasons import Evidence

SHARPNESS = 0.02
"""What half the sharpness of the sharpest photo of the burst costs, in units of the score."""
SHRUNK = 1.5
"""The second look counts from this many times the pixels of the model's input on."""
PIXELS = 0.05
"""What half the pixels of the largest photo of the burst cost."""
FAULT = 0.1
"""What a severity costs that is 1 in this photo and 0 in the one of the burst with the least of the fault."""
_MOST_HALVINGS = 3.0


def preferences(burst: Sequence[Evidence]) -> list[float]:
    """Returns the score of each photo less what its faults cost, and its lack of sharpness and of pixels."""
    sharpest = max(photo.measures.sharpness for photo in burst)
    largest = max(photo.pixels for photo in burst)
    has_faults = all(photo.assessment.is_photograph is not False for photo in burst)  # else they mean nothing
    cost = FAULT if has_faults else 0.0
    weight = SHARPNESS if _is_shrunk(burst) else 0.0
    return [
        photo.assessment.score
        - cost * _more_faults(photo, burst)
        - weight * _halvings(photo.measures.sharpness, sharpest)
        - PIXELS * _halvings(photo.pixels, largest)
        for photo in burst
    ]


def _more_faults(photo: Evidence, burst: Sequence[Evidence]) -> float:
    """Returns the severities of a photo beyond the least of each in the burst, summed over the faults."""
    return sum(
        severity - min(other.assessment.faults.get(fault, 0.0) for other in burst)
        for fault, severity in photo.assessment.faults.items()
    )


def _is_shrunk(burst: Sequence[Evidence]) -> bool:
    """Returns whether the measures, taken at the size of the smallest photo, show more than the model saw."""
    seen = max(height * width for height, width in (photo.assessment.input_size for photo in burst))
    return min(photo.pixels for photo in burst) >= SHRUNK * seen


def _halvings(value: float, most: float) -> float:
    """Returns how often ``most`` must be halved to become ``value``, at most `_MOST_HALVINGS`."""
    if most <= 0:
        return 0.0
    return min(log2(most / value), _MOST_HALVINGS) if value > 0 else _MOST_HALVINGS
