"""The teacher's answer as a score."""

from __future__ import annotations

from torch import Tensor, nn


class Bounded(nn.Module):
    """Answers of any shape -> scores in 0..1: ``worst`` becomes 0 and ``best`` 1; answers beyond them are
    clamped.

    A teacher learns opinions in 0..1 by squared errors, and nothing keeps its answers in that range.
    """

    def __init__(self, worst: float, best: float) -> None:
        super().__init__()
        self.worst, self.best = worst, best

    def forward(self, x: Tensor) -> Tensor:
        if (self.worst, self.best) != (0, 1):
            x = (x - self.worst) / (self.best - self.worst)
        return x.clamp(0, 1)
