"""Words for scores."""

from __future__ import annotations

from typing import Literal, get_args

Band = Literal["bad", "poor", "fair", "good", "excellent"]
"""A word for a score; see :func:`band`."""

BANDS: tuple[Band, ...] = get_args(Band)
"""The words for scores, worst first."""


def band(score: float) -> Band:
    """Returns the word for a score in [0, 1]: bad, poor, fair, good or excellent.

    The words are the five-grade quality scale of ITU-R BT.500 and ITU-T P.910 (mean opinion score
    1 to 5). BT.500's continuous scale puts them on five intervals of equal length, and so does this function:
    bad below 0.2, poor below 0.4, fair below 0.6, good below 0.8, excellent from there on.

    Raises:
        ValueError: the score is outside [0, 1], or NaN.

    >>> band(0.19), band(0.2), band(1.0)
    ('bad', 'poor', 'excellent')
    """
    if not 0 <= score <= 1:
        raise ValueError(f"a score lies in [0, 1]; {score} does not")
    return BANDS[min(int(score * len(BANDS)), len(BANDS) - 1)]
