"""Blocks that compute channels last, as TFLite's kernels do: the same weights, other axes.

The converter lays convolutions out by itself, but keeps the order of axes that reductions and matrix
products were written in, and puts a transpose of the whole map in front of each. A block that reads
large maps is therefore written a second time here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..approximations.sampled_lda import SampledLDA
from ..rewrite.backbone_streaming import StreamedStem
from ..rewrite.bands import Rows
from ..rewrite.lda_streaming import StreamedLDA
from ..rewrite.modules import replace_all, sharing_weights
from ..rewrite.pixel_input import PixelStem, channels_first
from ..student.moments import LinearViews, MomentViews, halved
from ..student.student import MomentStudent, anchored, with_side_answers
from .tflite_sampled import ChannelsLastSampledLDA


def channels_last(network: nn.Module) -> nn.Module:
    """Returns a copy of the network that shares its weights, with the blocks of this module in place."""
    twin = sharing_weights(network)
    replace_all(twin, SampledLDA, ChannelsLastSampledLDA)
    replace_all(twin, StreamedStem, _StreamedStem)
    replace_all(twin, PixelStem, _PixelStem)
    replace_all(twin, StreamedLDA, _StreamedLDA)
    whole = _MomentStudent(twin) if type(twin) is MomentStudent else twin
    return whole.train(network.training)  # a new module would be in training mode


class _PixelStem(nn.Module):
    """Computes what a :class:`PixelStem` does, and subtracts the mean before it turns the axes."""

    mean: Tensor

    def __init__(self, stem: PixelStem) -> None:
        super().__init__()
        self.conv, self.halved = stem.conv, stem.halved
        self.register_buffer("mean", stem.mean.flatten())

    def forward(self, pixels: Tensor) -> Tensor:
        centred = self.centred(pixels)
        out: Tensor = self.conv(halved(centred) if self.halved else centred)
        return out

    def centred(self, pixels: Tensor) -> Tensor:
        """Returns uint8 pixels [B, H, W, 3] less their mean, in the network's dtype, [B, 3, H, W]."""
        return channels_first(pixels.to(self.mean.dtype) - self.mean)


class _StreamedStem(nn.Module):
    """Computes what a :class:`StreamedStem` does, on bands of rows [B, h, W, 3]."""

    def __init__(self, streamed: StreamedStem) -> None:
        super().__init__()
        self.pixels = _PixelStem(streamed.pixels)
        self.stem, self.depthwise, self.project = streamed.stem, streamed.depthwise, streamed.project
        self.bands = streamed.bands

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.cat([self._band(pixels, rows) for rows in self.bands], 2)

    def _band(self, pixels: Tensor, want: Rows) -> Tensor:
        middle = self.depthwise.needs(want)
        start, end = self.stem.needs(middle)
        y = self.stem(self.pixels.centred(pixels[:, start:end]), middle)
        out: Tensor = want.of(y, held=middle) + self.project(self.depthwise(y, want))
        return out


class _StreamedLDA(nn.Module):
    """Computes what a :class:`StreamedLDA` does, with channels as the last axis of every matrix product."""

    rows: Tensor
    columns: Tensor

    def __init__(self, block: StreamedLDA) -> None:
        super().__init__()
        self.grid, self.bands, self.whole, self.strip = block.grid, block.bands, block.whole, block.strip
        self.weight, self.project, self.bias = block.weight, block.project, block.bias
        self.register_buffer("rows", block.rows)
        self.register_buffer("columns", block.columns)

    def forward(self, x: Tensor) -> Tensor:
        x = _last(x)
        pooled = self._whole(x) if self.whole else self._streamed(x)
        return F.linear(pooled, self.project, self.bias.flatten()).permute(0, 3, 1, 2)

    def _whole(self, x: Tensor) -> Tensor:
        """[B, h, w, C] -> [B, grid, grid, hidden]."""
        wide = self._wide(x)
        batch, _, width, hidden = wide.shape
        rows = (self.rows @ wide.flatten(2)).view(batch, self.grid, width, hidden)
        columns = self.columns.T @ rows.transpose(1, 2).flatten(2)
        return columns.view(batch, self.grid, self.grid, hidden).transpose(1, 2)

    def _wide(self, x: Tensor) -> Tensor:
        """[B, h, w, C] -> [B, h, w, hidden]."""
        return F.gelu(F.linear(x, self.weight[:, :-1], self.weight[:, -1]))

    def _streamed(self, x: Tensor) -> Tensor:
        columns = self.columns.T
        return torch.stack([columns @ self._band_mean(x[:, a:b]) for a, b in self.bands], 1)

    def _band_mean(self, band: Tensor) -> Tensor:
        """[B, h, W, C] -> [B, W, hidden]."""
        # Not torch.split: the converter fails where there is one strip.
        strips = [band[:, :, start : start + self.strip] for start in range(0, band.shape[2], self.strip)]
        return torch.cat([self._wide(strip).sum(1) for strip in strips], 1) / band.shape[1]


class _MomentStudent(nn.Module):
    """Computes what a :class:`MomentStudent` does, with moments of maps [B, H, W, C]."""

    def __init__(self, student: MomentStudent) -> None:
        super().__init__()
        self.local_cnn, self.head = student.local_cnn, student.head
        self.anchor, self.faults, self.photo = student.anchor, student.faults, student.photo
        self.statistics = Statistics(student.head)
        self.companion = None if student.companion is None else _MomentStudent(student.companion)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        standardised = self.statistics(self.local_cnn(x))
        opinions = anchored(self.head, self.anchor, standardised)
        if self.companion is not None:
            opinions = torch.cat([opinions, self.companion(x)], dim=1)
        return with_side_answers(opinions, (self.faults, self.photo), standardised)


class Statistics(nn.Module):
    """Five taps [B, C, H, W] -> their moments [B, F], normalised as the head wants them.

    A module of its own, because int8 has no room for it: a deviation is the root of the mean of small
    squares, and moments a thousandfold apart would share one scale until they are normalised.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, head: MomentViews | LinearViews) -> None:
        super().__init__()
        self.register_buffer("mean", head.mean)
        self.register_buffer("std", head.std)

    def forward(self, taps: list[Tensor]) -> Tensor:
        features = torch.cat([_moments(_last(tap)) for tap in taps], dim=1)
        return (features - self.mean) / self.std


def _moments(tap: Tensor) -> Tensor:
    """Returns what :func:`mobileiqa_export.student.moments.moments` returns, from [B, H, W, C]."""
    mean = _mean(tap)
    deviation = _mean((tap - mean) ** 2).flatten(1)
    return torch.cat([mean.flatten(1), torch.sqrt(deviation + 1e-8), tap.amax((1, 2))], dim=1)


def _mean(x: Tensor) -> Tensor:
    """Returns the mean over positions, [B, H, W, C] -> [B, 1, 1, C], of columns first.

    LiteRT adds one number after the other. Over all positions at once, a map with large parts of one value,
    which round the same way each time, drifted: scores of a photo on black by 8e-5.
    """
    return x.mean(1, keepdim=True).mean(2, keepdim=True)


def _last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)
