"""Runs local distortion aware blocks on one band of rows at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.config import NetworkConfig
from ..blocks.lda import LocalDistortionAware
from .modules import bias_of
from .pipeline import PassResult
from .pooling import Bins, bins, mean_matrix

# Bytes of the wide rows that exist at once: they and their GELU fit a shared L3 cache.
STRIP_BYTES = 20_000_000


class StreamedLDA(nn.Module):
    """A :class:`LocalDistortionAware` for one tap size, [B, C, H, W] -> [B, width, grid, grid].

    A row of the result depends on one band of input rows only, and the sum over a band's rows can be taken
    one strip of columns at a time. So only one strip of the wide map exists at once, small enough to stay in
    the cache between widening, GELU and sum. The columns are pooled by a fixed matrix: no adaptive pooling
    is left, which exporters and phone runtimes handle badly.

    Both 1x1 convolutions are matrix products, channels first, and the bias of the first is the weight of one
    more channel of ones. Around a convolution, runtimes would change the layout for every strip, and
    onnxruntime broadcasts a bias by a copy on one thread.

    Args:
        weight: of the first convolution, its bias as the last column, [hidden, C + 1].
        project: of the second, [width, hidden].
        bias: of the second, [width, 1].
        row_bins: rows that each row of the grid averages.
        column_bins: columns that each column of the grid averages, as many.
    """

    weight: Tensor
    ones: Tensor
    rows: Tensor
    columns: Tensor

    def __init__(
        self, weight: Tensor, project: Tensor, bias: Tensor, row_bins: Bins, column_bins: Bins
    ) -> None:
        super().__init__()
        self.grid = len(row_bins)
        self.weight, self.project, self.bias = (nn.Parameter(each) for each in (weight, project, bias))
        self.bands = list(row_bins)
        height, width = row_bins[-1][1], column_bins[-1][1]
        row_bytes = 4 * weight.shape[0] * width
        # Bands of a small map overlap by much of their height: the whole map costs less.
        self.whole = row_bytes * height <= STRIP_BYTES
        tallest = height if self.whole else max(end - start for start, end in self.bands)
        strips = -(-tallest * row_bytes // STRIP_BYTES)
        self.strip = -(-width // min(strips, width))
        self.register_buffer("ones", torch.ones(1, 1, tallest, self.strip).to(weight))
        self.register_buffer("columns", mean_matrix(column_bins).to(weight))
        self.register_buffer("rows", mean_matrix(row_bins).T.contiguous().to(weight))

    @classmethod
    def of(cls, block: LocalDistortionAware, height: int, width: int) -> StreamedLDA:
        """Returns what computes the block for taps of height x width positions."""
        widen, project = block.cnn1, block.cnn2
        weight = torch.cat([widen.weight.detach().flatten(1), bias_of(widen)[:, None]], 1)
        row_bins, column_bins = bins(height, block.grid), bins(width, block.grid)
        return cls(
            weight, project.weight.detach().flatten(1), bias_of(project)[:, None], row_bins, column_bins
        )

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.rows @ self._wide(x) @ self.columns if self.whole else self._streamed(x)
        out = self.project @ pooled.flatten(2) + self.bias
        return out.view(x.shape[0], -1, self.grid, self.grid)

    def _wide(self, x: Tensor) -> Tensor:
        """Widens, [B, C, h, w] -> [B, hidden, h, w]."""
        batch, _, height, width = x.shape
        ones = self.ones[:, :, :height, :width].expand(batch, 1, height, width)
        wide = F.gelu(self.weight @ torch.cat([x, ones], 1).flatten(2))
        return wide.view(batch, -1, height, width)

    def _streamed(self, x: Tensor) -> Tensor:
        # Columns are pooled band by band: 22 sums side by side would be as large as a tap again.
        return torch.stack([self._band_mean(x[:, :, a:b]) @ self.columns for a, b in self.bands], 2)

    def _band_mean(self, band: Tensor) -> Tensor:
        """Widens and averages over the rows, [B, C, h, W] -> [B, hidden, W]."""
        strips = torch.split(band, self.strip, 3)
        return torch.cat([self._wide(strip).sum(2) for strip in strips], 2) / band.shape[2]


def stream_lda(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Cuts the wide map of every tap, 1.2 GB for the largest, into bands that exist one at a time."""
    blocks = [(n, m) for n, m in student.named_children() if isinstance(m, LocalDistortionAware)]
    for (name, block), (height, width) in zip(blocks, config.tap_sizes, strict=bool(blocks)):
        setattr(student, name, StreamedLDA.of(block, height, width))
    return PassResult.of(student, len(blocks), "local distortion aware blocks")
