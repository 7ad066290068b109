"""Local distortion aware blocks, one band of rows at a time."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..student import StudentConfig
from ..student.backbone import tap_sizes
from ..student.lda import LocalDistortionAware

# Wide rows that are alive at once: they and their GELU fit a shared L3.
STRIP_BYTES = 16_000_000


def bins(length: int, count: int) -> list[tuple[int, int]]:
    """[start, end) of each bin of adaptive average pooling: floor and ceil of i * length / count.

    Bins overlap where ``count`` does not divide ``length``.
    """
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def pooling_matrix(length: int, count: int) -> Tensor:
    """Adaptive average pooling of one axis as a float64 matrix [length, count] of bin means."""
    matrix = torch.zeros(length, count, dtype=torch.float64)
    for column, (start, end) in enumerate(bins(length, count)):
        matrix[start:end, column] = 1 / (end - start)
    return matrix


class StreamedLDA(nn.Module):
    """A :class:`LocalDistortionAware` for one tap size, [B, C, H, W] -> [B, width, grid, grid].

    A row of the result depends on one band of input rows alone, so the wide map exists for a few
    rows at a time, few enough to stay in the cache between widening, GELU and sum. The columns
    are pooled by a fixed matrix: no adaptive pooling is left, which exporters and phone runtimes
    handle badly. The 1x1 convolution is a matrix product, channels first, with the bias as the
    weight of one more channel of ones: around a convolution runtimes change the layout for every
    strip, and onnxruntime spreads a bias by a copy on one thread.
    """

    weight: Tensor
    ones: Tensor
    columns: Tensor
    heights: Tensor

    def __init__(self, block: LocalDistortionAware, height: int, width: int) -> None:
        super().__init__()
        conv = block.cnn1
        assert conv.bias is not None  # noqa: S101 - for the type checker: the block always has one
        self.weight = nn.Parameter(torch.cat([conv.weight.flatten(1), conv.bias[:, None]], 1).detach())
        self.cnn2 = block.cnn2
        self.bands = bins(height, block.grid)
        tallest = max(end - start for start, end in self.bands)
        strips = -(-tallest * width * conv.out_channels * 4 // STRIP_BYTES)
        self.strip = -(-tallest // min(strips, tallest))
        self.register_buffer("ones", torch.ones(1, 1, self.strip, width).to(conv.weight))
        heights = torch.tensor([[float(end - start)] for start, end in self.bands])
        self.register_buffer("heights", heights.to(conv.weight))
        self.register_buffer("columns", pooling_matrix(width, block.grid).to(conv.weight))

    def forward(self, x: Tensor) -> Tensor:
        channels_first = x.transpose(0, 1)
        # Columns are pooled band by band: 22 sums side by side would be as large as a tap again.
        rows = [self._band_sum(channels_first, *band) @ self.columns for band in self.bands]
        pooled = torch.stack(rows, 2) / self.heights
        out: Tensor = self.cnn2(pooled.transpose(0, 1))
        return out

    def _band_sum(self, x: Tensor, start: int, end: int) -> Tensor:
        """Sum over the rows of one band, [C, B, H, W] -> [hidden, B, W]."""
        cuts = [*range(start, end, self.strip), end]
        sums = [self._wide_sum(x[:, :, a:b]) for a, b in pairwise(cuts)]
        total = sums[0]
        for part in sums[1:]:
            total = total + part
        return total

    def _wide_sum(self, strip: Tensor) -> Tensor:
        """Widen and sum over the rows, [C, B, h, W] -> [hidden, B, W]."""
        ones = self.ones if strip.shape[2] == self.strip else self.ones[:, :, : strip.shape[2]]
        inputs = torch.cat([strip, ones.expand(1, *strip.shape[1:])]).flatten(1)
        return F.gelu(self.weight @ inputs).view(-1, *strip.shape[1:]).sum(2)


def stream_lda(student: nn.Module, config: StudentConfig) -> nn.Module:
    """The wide map of a tap, 1.2 GB for the largest, shrinks to one band of it."""
    sizes = tap_sizes(*config.input_size)
    blocks = [(n, m) for n, m in student.named_children() if isinstance(m, LocalDistortionAware)]
    for (name, block), (height, width) in zip(blocks, sizes, strict=bool(blocks)):
        setattr(student, name, StreamedLDA(block, height, width))
    return student
