"""The mean and the deviation of pixels that a network was trained with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class PixelStatistics:
    """The mean and deviation that pixels are normalised by.

    Attributes:
        mean, std: of the input, in the units of the 0..255 pixel values, per RGB channel.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = PixelStatistics(
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255), std=(0.229 * 255, 0.224 * 255, 0.225 * 255)
)
"""Statistics of ImageNet's photos, which most networks are trained with."""


def normalise(pixels: Tensor, statistics: PixelStatistics) -> Tensor:
    """Returns pixels [B, 3, H, W] in 0..255, of any dtype, as float32 network input of the same shape."""
    mean = torch.tensor(statistics.mean, device=pixels.device).view(1, 3, 1, 1)
    std = torch.tensor(statistics.std, device=pixels.device).view(1, 3, 1, 1)
    return (pixels.float() - mean) / std
