"""What a network computes for photos on its way to the score."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Observation(NamedTuple):
    """What a network computes for a batch on its way to the score; distillation compares all of it.

    Attributes:
        local: features of the five taps: [B, 5, d, g, g] of the local blocks, or the moments [B, F].
        views: [B, views, d, g, g] before fusion, or the opinions [B, views] of moment students.
        score: [B], of students in (0, 1).
    """

    local: Tensor
    views: Tensor
    score: Tensor
