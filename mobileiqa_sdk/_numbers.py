"""Comparisons that NaN cannot slip through."""

from __future__ import annotations


def exceeds(value: float, limit: float) -> bool:
    """Returns whether a value is greater than its limit, or NaN.

    ``value > limit`` is False for NaN, so a check written that way accepts it.

    >>> exceeds(0.2, 0.1), exceeds(0.1, 0.1), exceeds(float("nan"), 0.1)
    (True, False, True)
    """
    return not value <= limit
