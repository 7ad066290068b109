"""Folds the weight of a spatial attention into its values, and its three projections into one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..blocks.attention import SpatialAttention
from ..blocks.config import NetworkConfig
from .modules import bias_of, replace_all
from .pipeline import PassResult


class FoldedSpatialAttention(nn.Module):
    """A :class:`SpatialAttention` with one matrix for queries, keys and values, [B, d, g, g] -> the same.

    The rows of the values already carry ``gamma``. It is a matrix product, since runtimes change the
    layout around a convolution.
    """

    def __init__(self, block: SpatialAttention) -> None:
        super().__init__()
        gamma = block.gamma.detach()
        scaled = [
            (block.qConv, torch.ones_like(gamma)),
            (block.kConv, torch.ones_like(gamma)),
            (block.vConv, gamma),
        ]
        self.sizes = [conv.out_channels for conv, _ in scaled]
        self.weight = nn.Parameter(torch.cat([conv.weight.detach().flatten(1) * by for conv, by in scaled]))
        self.bias = nn.Parameter(torch.cat([bias_of(conv) * by for conv, by in scaled])[:, None])

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = torch.split(self.weight @ x.flatten(2) + self.bias, self.sizes, dim=1)
        weights = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
        return (v @ weights.transpose(1, 2)).view_as(x) + x


def fold_gamma(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Replaces the three projections of every spatial attention by one, which carries ``gamma`` too."""
    return PassResult.of(
        student, replace_all(student, SpatialAttention, FoldedSpatialAttention), "spatial attention"
    )
