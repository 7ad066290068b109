"""Which photo of a burst is the best: the score, and a second look at the photo's own pixels.

Where a model sees photos shrunk, it cannot tell those apart that differ by a little blur. Within one scene,
their sharpness can be compared at their own pixels. Where it sees all pixels, it knows better than a measure
does, and the score alone decides. docs/bursts.md has how often each is right.
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
_MOST_HALVINGS = 3.0


def preferences(burst: Sequence[Evidence]) -> list[float]:
    """Returns the score of each photo less what it lacks of the sharpest and the largest one's."""
    sharpest = max(photo.measures.sharpness for photo in burst)
    largest = max(photo.pixels for photo in burst)
    weight = SHARPNESS if _is_shrunk(burst) else 0.0
    return [
        photo.assessment.score
        - weight * _halvings(photo.measures.sharpness, sharpest)
        - PIXELS * _halvings(photo.pixels, largest)
        for photo in burst
    ]


def _is_shrunk(burst: Sequence[Evidence]) -> bool:
    """Returns whether the measures, taken at the size of the smallest photo, show more than the model saw."""
    seen = max(height * width for height, width in (photo.assessment.input_size for photo in burst))
    return min(photo.pixels for photo in burst) >= SHRUNK * seen


def _halvings(value: float, most: float) -> float:
    """Returns how often ``most`` must be halved to become ``value``, at most `_MOST_HALVINGS`."""
    if most <= 0:
        return 0.0
    return min(log2(most / value), _MOST_HALVINGS) if value > 0 else _MOST_HALVINGS
