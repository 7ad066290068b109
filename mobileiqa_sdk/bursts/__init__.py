"""The best of a burst: which photos were taken together, which one of them is best, and why not the others.

A suggestion: nothing is deleted, moved or changed. docs/bursts.md has the rules and how well they work.
"""

from __future__ import annotations

from .best import Burst, Frame, best_of_bursts
from .grouping import GAP
from .reasons import Reason

__all__ = ["GAP", "Burst", "Frame", "Reason", "best_of_bursts"]
