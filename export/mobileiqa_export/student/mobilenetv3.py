"""MobileNetV3-Large with five taps, key-compatible with the published checkpoints.

Searching for MobileNetV3, Howard et al. 2019 (arXiv 1905.02244), table 1. The *minimalistic*
variant is the one made for DSPs: ReLU, 3x3 kernels and no squeeze-and-excite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.statistics import PixelStatistics
from .padding import Padding, halving_convolution

TAP_CHANNELS = (16, 24, 40, 112, 960)
TAP_STAGES = (0, 1, 2, 4, 6)
TAP_STRIDES = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Row:
    """One inverted residual: expanded and output channels, stride, kernel, gate, hard-swish or ReLU."""

    expanded: int
    out: int
    stride: int = 1
    kernel: int = 3
    gated: bool = False
    hard_swish: bool = False


_STAGES: tuple[tuple[Row, ...], ...] = (
    (Row(64, 24, stride=2), Row(72, 24)),
    (Row(72, 40, 2, 5, gated=True), Row(120, 40, 1, 5, gated=True), Row(120, 40, 1, 5, gated=True)),
    (
        Row(240, 80, 2, hard_swish=True),
        Row(200, 80, hard_swish=True),
        Row(184, 80, hard_swish=True),
        Row(184, 80, hard_swish=True),
    ),
    (Row(480, 112, gated=True, hard_swish=True), Row(672, 112, gated=True, hard_swish=True)),
    (
        Row(672, 160, 2, 5, gated=True, hard_swish=True),
        Row(960, 160, 1, 5, gated=True, hard_swish=True),
        Row(960, 160, 1, 5, gated=True, hard_swish=True),
    ),
)


@dataclass(frozen=True, kw_only=True)
class MobileNetV3Spec(PixelStatistics):
    """What distinguishes one MobileNetV3-Large from another.

    Attributes:
        minimalistic: ReLU, 3x3 and ungated throughout.
        batch_norm: BatchNorm after every convolution; without it convolutions carry a bias.
        padding: of convolutions that halve a map.
    """

    minimalistic: bool
    batch_norm: bool
    padding: Padding

    tap_channels: ClassVar[tuple[int, ...]] = TAP_CHANNELS
    tap_strides: ClassVar[tuple[int, ...]] = TAP_STRIDES

    def build(self) -> MobileNetV3:
        """Returns the network with fresh weights."""
        return MobileNetV3(self)


def _conv(
    spec: MobileNetV3Spec, inputs: int, outputs: int, kernel: int, stride: int = 1, *, depthwise: bool = False
) -> nn.Conv2d:
    groups = inputs if depthwise else 1
    bias = not spec.batch_norm
    if stride == 2:
        return halving_convolution(spec.padding, inputs, outputs, kernel, groups=groups, bias=bias)
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=bias)


def _norm(spec: MobileNetV3Spec, channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=1e-5) if spec.batch_norm else nn.Identity()


def _activation(spec: MobileNetV3Spec, hard_swish: bool) -> nn.Module:
    return nn.Hardswish() if hard_swish and not spec.minimalistic else nn.ReLU()


class Gate(nn.Module):
    """Squeeze-and-excite with a hard sigmoid (Hu et al. 2018, arXiv 1709.01507): [B, C, H, W] -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _make_divisible(channels / 4)
        self.conv_reduce = nn.Conv2d(channels, squeezed, 1)
        self.conv_expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factors(x.mean((2, 3), keepdim=True))

    def factors(self, mean: Tensor) -> Tensor:
        """Returns the factor of each channel, given the mean of each, [B, C, 1, 1] -> [B, C, 1, 1]."""
        return F.hardsigmoid(self.conv_expand(F.relu(self.conv_reduce(mean))))


def _make_divisible(value: float, divisor: int = 8) -> int:
    """Returns the multiple of ``divisor`` nearest to ``value``, but at least nine tenths of it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class FirstBlock(nn.Module):
    """The first block, which has nothing to expand: depthwise, project, residual."""

    def __init__(self, spec: MobileNetV3Spec, channels: int) -> None:
        super().__init__()
        self.conv_dw = _conv(spec, channels, channels, 3, depthwise=True)
        self.bn1 = _norm(spec, channels)
        self.act = nn.ReLU()
        self.conv_pw = _conv(spec, channels, channels, 1)
        self.bn2 = _norm(spec, channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn2(self.conv_pw(self.act(self.bn1(self.conv_dw(x)))))
        return x + y


class InvertedResidual(nn.Module):
    """Expand, depthwise, gate, project; a residual where shapes allow."""

    def __init__(self, spec: MobileNetV3Spec, inputs: int, row: Row) -> None:
        super().__init__()
        kernel = 3 if spec.minimalistic else row.kernel
        self.conv_pw = _conv(spec, inputs, row.expanded, 1)
        self.bn1 = _norm(spec, row.expanded)
        self.act = _activation(spec, row.hard_swish)
        self.conv_dw = _conv(spec, row.expanded, row.expanded, kernel, row.stride, depthwise=True)
        self.bn2 = _norm(spec, row.expanded)
        self.se = Gate(row.expanded) if row.gated and not spec.minimalistic else nn.Identity()
        self.conv_pwl = _conv(spec, row.expanded, row.out, 1)
        self.bn3 = _norm(spec, row.out)
        self.residual = row.stride == 1 and inputs == row.out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.bn1(self.conv_pw(x)))
        y = self.se(self.act(self.bn2(self.conv_dw(y))))
        y = self.bn3(self.conv_pwl(y))
        return x + y if self.residual else y


class LastConv(nn.Module):
    """The 1x1 convolution to 960 channels."""

    def __init__(self, spec: MobileNetV3Spec, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = _conv(spec, inputs, outputs, 1)
        self.bn1 = _norm(spec, outputs)
        self.act = _activation(spec, True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(self.bn1(self.conv(x)))
        return out


class MobileNetV3(nn.Module):
    """Normalised photo [B, 3, H, W] -> five maps of 16, 24, 40, 112, 960 channels at strides 2 to 32."""

    def __init__(self, spec: MobileNetV3Spec) -> None:
        super().__init__()
        self.conv_stem = _conv(spec, 3, 16, 3, 2)
        self.bn1 = _norm(spec, 16)
        self.act = _activation(spec, True)
        stages: list[nn.Module] = [nn.Sequential(FirstBlock(spec, 16))]
        channels = 16
        for rows in _STAGES:
            blocks = []
            for row in rows:
                blocks.append(InvertedResidual(spec, channels, row))
                channels = row.out
            stages.append(nn.Sequential(*blocks))
        stages.append(nn.Sequential(LastConv(spec, channels, TAP_CHANNELS[-1])))
        self.blocks = nn.Sequential(*stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.act(self.bn1(self.conv_stem(x)))
        taps = []
        for index, stage in enumerate(self.blocks):
            x = stage(x)
            if index in TAP_STAGES:
                taps.append(x)
        return taps
