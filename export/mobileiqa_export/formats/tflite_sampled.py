"""Sampled local blocks that compute channels last; see :mod:`mobileiqa_export.formats.tflite_layout`."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ..approximations.sampled_lda import SampledLDA, first_sample
from ..rewrite.pixel_input import channels_first


class ChannelsLastSampledLDA(nn.Module):
    """Computes what a :class:`SampledLDA` does, and takes samples and means from maps [B, h, w, C]."""

    rows: Tensor
    columns: Tensor
    sample_rows: Tensor
    sample_columns: Tensor

    def __init__(self, block: SampledLDA) -> None:
        super().__init__()
        self.grid, self.strides, self.sampled = block.grid, block.strides, block.sampled
        # The block of the samples is replaced by another, which need not keep these by their names.
        self.weight, self.project = block.sampled.weight, block.sampled.project
        self.register_buffer("rows", block.rows)
        self.register_buffer("columns", block.columns)
        self.register_buffer("sample_rows", block.sampled.rows)
        self.register_buffer("sample_columns", block.sampled.columns)

    def forward(self, x: Tensor) -> Tensor:
        every = x.permute(0, 2, 3, 1)
        down, right = self.strides
        sample = every[:, first_sample(down) :: down, first_sample(right) :: right]
        wide = self._wide(_means(every, self.rows, self.columns))
        wide = wide - self._wide(_means(sample, self.sample_rows, self.sample_columns))
        out: Tensor = self.sampled(channels_first(sample)) + channels_first(F.linear(wide, self.project))
        return out

    def _wide(self, means: Tensor) -> Tensor:
        """[B, grid, grid, C] -> [B, grid, grid, hidden]."""
        return F.gelu(F.linear(means, self.weight[:, :-1], self.weight[:, -1]))


def _means(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Averages over bins, [B, h, w, C] -> [B, grid, grid, C], by matrices [grid, h] and [w, grid]."""
    batch, _, width, channels = x.shape
    return columns.T @ (rows @ x.flatten(2)).view(batch, -1, width, channels)
