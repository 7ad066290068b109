"""The published score head."""

from __future__ import annotations

from torch import nn


def score_convolutions(width: int, pooling: int) -> nn.Sequential:
    """Returns the layers from the fused view [B, width, g, g] to [B, width/2, 1, 1].

    Args:
        width: channels.
        pooling: side of the pooling between the two convolutions.
    """
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(width, half, 1),
        nn.ReLU(),
        nn.AvgPool2d(pooling),
        nn.Conv2d(half, half, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
    )


def score_layers(width: int, *, sigmoid: bool) -> nn.Sequential:
    """Returns the layers from [B, width/2] to the score [B, 1]: in (0, 1) with a sigmoid, else any number."""
    layers = [nn.Linear(width // 2, width // 4), nn.ReLU(), nn.Dropout(), nn.Linear(width // 4, 1)]
    return nn.Sequential(*layers, *([nn.Sigmoid()] if sigmoid else []))
