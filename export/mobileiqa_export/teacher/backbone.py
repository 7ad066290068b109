"""MobileViT-V2 with five taps, key-compatible with the published checkpoints.

Separable self-attention for mobile vision transformers, Mehta and Rastegari 2022 (arXiv 2206.02680).
"""

from __future__ import annotations

from torch import Tensor, nn

from .bottleneck import Bottleneck
from .convolution import ConvNorm
from .patches import whole_patches
from .vit_block import VitBlock

_STAGES = ((2, 1, 1, 0), (4, 2, 2, 0), (8, 2, 1, 2), (12, 2, 1, 4), (16, 2, 1, 3))
"""Channels in multiples of the stem's, stride, number of bottlenecks, depth of the transformer."""


class Backbone(nn.Module):
    """Normalised photo [B, 3, H, W] -> five maps of 2, 4, 8, 12, 16 times the stem's channels.

    Their strides are 2 to 32; :func:`tap_sizes` gives their sides.
    """

    def __init__(self, stem: int) -> None:
        super().__init__()
        self.stem = ConvNorm(3, stem, 3, 2)
        self.stage_names = []
        channels = stem
        for index, (factor, stride, count, depth) in enumerate(_STAGES):
            blocks: list[nn.Module] = []
            for place in range(count):
                blocks.append(Bottleneck(channels, factor * stem, stride if place == 0 else 1))
                channels = factor * stem
            if depth:
                blocks.append(VitBlock(channels, depth))
            self.stage_names.append(f"stages_{index}")
            self.add_module(self.stage_names[-1], nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        taps = []
        for name in self.stage_names:
            x = self.get_submodule(name)(x)
            taps.append(x)
        return taps


def tap_channels(stem: int) -> list[int]:
    """Returns the channels of the five taps."""
    return [factor * stem for factor, *_ in _STAGES]


def tap_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Returns (height, width) of the five taps: halves that round up, and to even sides before a
    transformer.
    """
    sizes = []
    for *_, depth in _STAGES:
        height, width = -(-height // 2), -(-width // 2)
        if depth:
            height, width = whole_patches(height), whole_patches(width)
        sizes.append((height, width))
    return sizes


def sides_before_patches(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns (height, width) of the maps that transformers get, before their sides are made even."""
    taps = [size, *tap_sizes(*size)]
    return [
        (-(-height // 2), -(-width // 2))
        for (height, width), (*_, depth) in zip(taps, _STAGES, strict=False)
        if depth
    ]
