"""Local features from a sample of a tap's positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..rewrite import PassResult
from ..rewrite.lda_streaming import StreamedLDA
from ..rewrite.modules import replace_all
from ..rewrite.pooling import bins


class SampledLDA(nn.Module):
    """Approximates a :class:`StreamedLDA`, [B, C, H, W] -> [B, width, grid, grid].

    Only every n-th row and every m-th column is widened. The mean of GELU over a bin is estimated as its mean
    over these, plus GELU at the mean of all of the bin's positions, less GELU at the mean of these. A mean of
    positions costs next to nothing before they are widened. So the estimate has an error only where GELU
    bends between the positions of a bin.

    Args:
        block: the exact one.
        strides: (n, m); neither is greater than the side of a bin.
    """

    rows: Tensor
    columns: Tensor
    ones: Tensor

    def __init__(self, block: StreamedLDA, strides: tuple[int, int]) -> None:
        super().__init__()
        self.grid, self.strides = block.grid, strides
        row_bins, column_bins = (
            sampled_bins(length, block.grid, stride)
            for length, stride in zip(tap_size(block), strides, strict=True)
        )
        self.sampled = StreamedLDA(block.weight, block.project, block.bias, row_bins, column_bins)
        self.register_buffer("rows", block.rows)
        self.register_buffer("columns", block.columns)
        self.register_buffer("ones", torch.ones(1, 1, block.grid, 2 * block.grid).to(block.weight))

    def forward(self, x: Tensor) -> Tensor:
        down, right = self.strides
        sample = x[:, :, first_sample(down) :: down, first_sample(right) :: right]
        every = self.rows @ x @ self.columns
        seen = self.sampled.rows @ sample @ self.sampled.columns
        out: Tensor = self.sampled(sample) + self._correction(every, seen)
        return out

    def _correction(self, every: Tensor, seen: Tensor) -> Tensor:
        """Returns what to add to the local features, from the means of all positions and of the sample."""
        batch = every.shape[0]
        ones = self.ones.expand(batch, 1, self.grid, 2 * self.grid)
        wide = F.gelu(self.sampled.weight @ torch.cat([torch.cat([every, seen], 3), ones], 1).flatten(2))
        wide = wide.view(batch, -1, self.grid, 2 * self.grid)
        difference = wide[..., : self.grid] - wide[..., self.grid :]
        out = self.sampled.project @ difference.flatten(2)
        return out.view(batch, -1, self.grid, self.grid)


def first_sample(stride: int) -> int:
    """Returns the first sampled position along an axis, such that the sample lies in the middle."""
    return (stride - 1) // 2


def sampled_bins(length: int, count: int, stride: int) -> list[tuple[int, int]]:
    """Returns [start, end) of the samples in each bin of adaptive pooling."""
    first = first_sample(stride)
    return [(-(-(a - first) // stride), -(-(b - first) // stride)) for a, b in bins(length, count)]


def tap_size(block: StreamedLDA) -> tuple[int, int]:
    """Returns (height, width) of the taps that an exact block takes."""
    return block.rows.shape[1], block.columns.shape[0]


def strides_for(block: StreamedLDA, samples: int) -> tuple[int, int]:
    """Returns the strides that leave at least ``samples`` rows and columns in each bin, where it has as many.

    Odd strides only: even ones would see the 8 x 8 blocks of a JPEG at the same few positions everywhere.
    """
    height, width = (length // block.grid // samples for length in tap_size(block))
    return max(1, height - 1 + height % 2), max(1, width - 1 + width % 2)


def sample_lda(network: nn.Module, samples: int) -> PassResult:
    """Samples every local block whose bins have positions to spare beyond ``samples`` rows or columns."""
    blocks = [module for module in network.modules() if isinstance(module, StreamedLDA)]
    if not blocks:
        return PassResult(network, changed=False, reason="the network has no streamed local blocks")
    if all(strides_for(block, samples) == (1, 1) for block in blocks):
        return PassResult(network, changed=False, reason="its maps are too small for that")

    def sampled(block: StreamedLDA) -> nn.Module:
        strides = strides_for(block, samples)
        return block if strides == (1, 1) else SampledLDA(block, strides)

    replace_all(network, StreamedLDA, sampled)
    return PassResult(network, changed=True)
