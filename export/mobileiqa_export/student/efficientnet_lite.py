"""EfficientNet-Lite with a tap after every stage, for any input size; BatchNorm is folded away.

EfficientNet, Tan and Le 2019 (arXiv 1905.11946). The *Lite* family has ReLU6 and no squeeze-and-excite,
so its activations survive 8 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from torch import Tensor, nn

from ..blocks.statistics import PixelStatistics
from .padding import Padding, halving_convolution

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


_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


@dataclass(frozen=True, kw_only=True)
class EfficientNetLiteSpec(PixelStatistics):
    """What distinguishes one member of the family from another.

    Attributes:
        width: factor on the channels.
        depth: factor on the repeats of the inner stages.
        padding: of convolutions that halve a map.
        widest: whether the last convolution follows the stages, which widens their map to 1,280 channels.
    """

    width: float
    depth: float
    padding: Padding
    widest: bool = True

    @property
    def tap_strides(self) -> tuple[int, ...]:
        """How many pixels of the photo a pixel of each map stands for, along a side."""
        strides = (2, 2, 4, 8, 16, 16, 32, 32)
        return (*strides, 32) if self.widest else strides

    @property
    def tap_channels(self) -> tuple[int, ...]:
        """Channels of the maps."""
        channels = (STEM, *(stage.out for stage in self.stages))
        return (*channels, LAST) if self.widest else channels

    @property
    def stages(self) -> list[Stage]:
        """The stages of this member; the first and the last one keep their repeats."""
        last = len(_STAGES) - 1
        return [
            replace(
                stage,
                repeats=stage.repeats if index in (0, last) else math.ceil(stage.repeats * self.depth),
                out=_channels(stage.out * self.width),
            )
            for index, stage in enumerate(_STAGES)
        ]

    def build(self) -> EfficientNetLite:
        """Returns the network with fresh weights."""
        return EfficientNetLite(self)


def _channels(value: float) -> int:
    """Returns the multiple of 8 nearest to ``value`` that is not more than a tenth below it."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def _conv(
    padding: Padding, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    if stride == 2:
        return halving_convolution(padding, inputs, outputs, kernel, groups=groups)
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups)


class LiteBlock(nn.Module):
    """An inverted residual: expands unless ``expansion`` is 1, filters each channel, projects linearly."""

    def __init__(self, padding: Padding, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        expanded = inputs * stage.expansion
        self.expand = _conv(padding, inputs, expanded, 1) if stage.expansion > 1 else None
        self.depthwise = _conv(padding, expanded, expanded, stage.kernel, stride, groups=expanded)
        self.project = _conv(padding, expanded, stage.out, 1)
        self.act = nn.ReLU6()
        self.residual = stride == 1 and inputs == stage.out

    def forward(self, x: Tensor) -> Tensor:
        expanded = x if self.expand is None else self.act(self.expand(x))
        y: Tensor = self.project(self.act(self.depthwise(expanded)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """Normalised photo [B, 3, H, W] -> maps after the first convolution, the seven stages and the last
    convolution, if there is one.

    Their strides are 2, 2, 4, 8, 16, 16, 32, 32 and 32. Sides are rounded up at every stride.
    """

    def __init__(self, spec: EfficientNetLiteSpec) -> None:
        super().__init__()
        self.act = nn.ReLU6()
        self.stem = _conv(spec.padding, 3, STEM, 3, 2)
        self.stages = nn.ModuleList()
        channels = STEM
        for stage in spec.stages:
            blocks = []
            for index in range(stage.repeats):
                blocks.append(LiteBlock(spec.padding, channels, stage, stage.stride if index == 0 else 1))
                channels = stage.out
            self.stages.append(nn.Sequential(*blocks))
        self.last = _conv(spec.padding, channels, LAST, 1) if spec.widest else None

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.act(self.stem(x))
        taps = [x]
        for stage in self.stages:
            x = stage(x)
            taps.append(x)
        if self.last is not None:
            taps.append(self.act(self.last(x)))
        return taps
