"""The published score head."""

from __future__ import annotations

from torch import nn


def score_convolutions(width: int) -> nn.Sequential:
    """Returns the layers from a fused view [B, width, g, g] to [B, width/2, 1, 1]."""
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(width, half, 1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(half, half, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
    )


def score_layers(width: int) -> nn.Sequential:
    """Returns the layers from [B, width/2] to a score [B, 1] in (0, 1)."""
    return nn.Sequential(
        nn.Linear(width // 2, width // 4), nn.ReLU(), nn.Dropout(), nn.Linear(width // 4, 1), nn.Sigmoid()
    )
