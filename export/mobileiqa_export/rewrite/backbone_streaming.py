"""Runs the first blocks of the backbone, where maps are large, on one band of rows at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..blocks.config import NetworkConfig
from ..student.mobilenetv3 import FirstBlock, Gate, InvertedResidual, MobileNetV3
from .bands import BandConv, Rows, cut
from .pipeline import PassResult
from .pixel_input import PixelStem, channels_first

# Blocks whose widest map is smaller stay whole. A band should fit a shared L3 cache with room to spare.
WHOLE_BYTES = 16_000_000
BAND_BYTES = 4_000_000


class StreamedStem(nn.Module):
    """First convolution and first block: uint8 RGB [B, H, W, 3] -> [B, 16, H/2, W/2].

    Pixels are converted to floats band by band too, so the whole photo exists only as uint8.
    """

    def __init__(
        self, backbone: MobileNetV3, pixels: PixelStem, block: FirstBlock, size: tuple[int, int]
    ) -> None:
        super().__init__()
        height, width = size
        self.pixels = pixels
        self.stem = BandConv(pixels.conv, backbone.bn1, backbone.act, height)
        self.depthwise = BandConv(block.conv_dw, block.bn1, block.act, self.stem.out_height)
        self.project = nn.Sequential(block.conv_pw, block.bn2)
        row_bytes = 4 * block.conv_dw.out_channels * -(-width // 2)
        self.bands = cut(self.depthwise.out_height, row_bytes, BAND_BYTES)

    def forward(self, pixels: Tensor) -> Tensor:
        x = channels_first(pixels)
        return torch.cat([self._band(x, rows) for rows in self.bands], 2)

    def _band(self, x: Tensor, want: Rows) -> Tensor:
        middle = self.depthwise.needs(want)
        y = self.stem(self.pixels.centred(self.stem.needs(middle).of(x)), middle)
        out: Tensor = want.of(y, held=middle) + self.project(self.depthwise(y, want))
        return out


class StreamedResidual(nn.Module):
    """An :class:`InvertedResidual`, [B, C, H, W] -> [B, out, H/s, W/s].

    A gate needs the mean of the whole map. That is the weighted mean of its bands, so the map never exists
    whole.
    """

    def __init__(self, block: InvertedResidual, size: tuple[int, int]) -> None:
        super().__init__()
        height, width = size
        self.expand = nn.Sequential(block.conv_pw, block.bn1, block.act)
        self.depthwise = BandConv(block.conv_dw, block.bn2, block.act, height)
        self.se = block.se
        self.project = nn.Sequential(block.conv_pwl, block.bn3)
        self.residual = block.residual
        row_bytes = 4 * block.conv_pw.out_channels * width * self.depthwise.stride
        self.bands = cut(self.depthwise.out_height, row_bytes, BAND_BYTES)

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.se, Gate):
            wide = [self._wide(x, rows) for rows in self.bands]
            factors = self.se.factors(_mean(wide))
            bands = [self.project(band * factors) for band in wide]
        else:
            bands = [self.project(self._wide(x, rows)) for rows in self.bands]
        y = torch.cat(bands, 2)
        return x + y if self.residual else y

    def _wide(self, x: Tensor, want: Rows) -> Tensor:
        out: Tensor = self.depthwise(self.expand(self.depthwise.needs(want).of(x)), want)
        return out


def _mean(bands: list[Tensor]) -> Tensor:
    """Returns the mean of every channel of a map that is cut into bands of rows, [B, C, 1, 1]."""
    height = sum(band.shape[2] for band in bands)
    # Means rather than sums, which half precision could not hold.
    shares = [band.mean((2, 3), keepdim=True) * (band.shape[2] / height) for band in bands]
    return torch.stack(shares).sum(0)


def stream_backbone(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Cuts the widest maps of the backbone into bands. Blocks with small maps stay whole."""
    backbone = student.get_submodule("local_cnn")
    if not isinstance(backbone, MobileNetV3):
        return PassResult(student, changed=False, reason="the network has no backbone that it knows")
    if config.settings:
        return PassResult(student, changed=False, reason="the student takes any size")
    streamed = 0
    height, width = config.tap_sizes[0]
    first, pixels = backbone.get_submodule("blocks.0.0"), backbone.conv_stem
    whole = 4 * first.get_submodule("conv_dw").get_parameter("weight").shape[0] * height * width
    if isinstance(first, FirstBlock) and isinstance(pixels, PixelStem) and whole >= WHOLE_BYTES:
        stem = StreamedStem(backbone, pixels, first, config.input_size)
        backbone.add_module("conv_stem", stem)
        backbone.bn1, backbone.act = nn.Identity(), nn.Identity()
        backbone.get_submodule("blocks.0").add_module("0", nn.Identity())
        streamed += 1
    for stage in backbone.blocks:
        for name, block in list(stage.named_children()):
            if not isinstance(block, InvertedResidual):
                continue
            if 4 * block.conv_pw.out_channels * height * width >= WHOLE_BYTES:
                stage.add_module(name, StreamedResidual(block, (height, width)))
                streamed += 1
            stride = int(block.conv_dw.stride[0])
            height, width = -(-height // stride), -(-width // stride)
    return PassResult.of(student, streamed, f"map of {WHOLE_BYTES / 1e6:.0f} MB or more")
