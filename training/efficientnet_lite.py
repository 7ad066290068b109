"""EfficientNet-Lite with nine taps, for any input size; BatchNorm is folded into the convolutions.

EfficientNet, Tan and Le 2019 (arXiv 1905.11946). The *Lite* family has ReLU6 and no squeeze-and-excite,
so its activations survive 8 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mobileiqa_export.student.backbone import SameConv2d
from mobileiqa_export.student.moments import moments

MEAN, DEVIATION = 127.0, 128.0
"""Of the input, in levels of 0..255; the same for all channels."""
STEM, LAST = 32, 1280
"""Channels of the first and of the last convolution; the same in the whole family."""


@dataclass(frozen=True)
class Stage:
    """Inverted residuals in a row: how many, kernel, stride of the first, expansion, output channels."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    out: int


@dataclass(frozen=True)
class Member:
    """What distinguishes one member of the family from another.

    Attributes:
        width: factor on the channels.
        depth: factor on the repeats of the inner stages.
    """

    width: float
    depth: float


MEMBERS = {
    "efficientnet-lite0": Member(1.0, 1.0),
    "efficientnet-lite2": Member(1.1, 1.2),
}

_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def stages_of(member: Member) -> list[Stage]:
    """Returns the stages of a member; the first and the last one keep their repeats."""
    last = len(_STAGES) - 1
    return [
        Stage(
            stage.repeats if index in (0, last) else math.ceil(stage.repeats * member.depth),
            stage.kernel,
            stage.stride,
            stage.expansion,
            _channels(stage.out * member.width),
        )
        for index, stage in enumerate(_STAGES)
    ]


def _channels(value: float) -> int:
    """Returns the multiple of 8 nearest to ``value`` that is not more than a tenth below it."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride > 1:
        return SameConv2d(inputs, outputs, kernel, stride, groups=groups)
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups)


class LiteBlock(nn.Module):
    """An inverted residual: expands unless ``expansion`` is 1, filters each channel, projects linearly."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        expanded = inputs * expansion
        self.expand = _conv(inputs, expanded, 1) if expansion > 1 else None
        self.depthwise = _conv(expanded, expanded, kernel, stride, groups=expanded)
        self.project = _conv(expanded, outputs, 1)
        self.act = nn.ReLU6()
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        expanded = x if self.expand is None else self.act(self.expand(x))
        y: Tensor = self.project(self.act(self.depthwise(expanded)))
        return x + y if self.residual else y


class LiteBackbone(nn.Module):
    """Pixels [B, 3, H, W] in 0..255 -> nine maps: after the first convolution, seven stages and the last one.

    Their strides are 2, 2, 4, 8, 16, 16, 32, 32 and 32. Sides are rounded up at every stride.
    """

    def __init__(self, member: Member) -> None:
        super().__init__()
        self.act = nn.ReLU6()
        self.stem = _conv(3, STEM, 3, 2)
        self.stages = nn.ModuleList()
        channels = STEM
        for stage in stages_of(member):
            blocks = []
            for index in range(stage.repeats):
                stride = stage.stride if index == 0 else 1
                blocks.append(LiteBlock(channels, stage.out, stage.kernel, stride, stage.expansion))
                channels = stage.out
            self.stages.append(nn.Sequential(*blocks))
        self.last = _conv(channels, LAST, 1)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x = self.act(self.stem((pixels.float() - MEAN) / DEVIATION))
        taps = [x]
        for stage in self.stages:
            x = stage(x)
            taps.append(x)
        taps.append(self.act(self.last(x)))
        return taps


class LiteMoments(nn.Module):
    """Pixels [B, 3, H, W] in 0..255 -> mean, deviation and maximum of every tap's channels, [B, F]."""

    def __init__(self, backbone: LiteBackbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.cat([moments(tap) for tap in self.backbone(pixels)], dim=1)


def feature_count(member: Member) -> int:
    """Returns how many moments `LiteMoments` gives."""
    return 3 * (STEM + sum(stage.out for stage in stages_of(member)) + LAST)
