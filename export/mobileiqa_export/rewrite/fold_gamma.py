"""The weight of a spatial attention into its values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..student import StudentConfig
from ..student.attention import SpatialAttention


class FoldedSpatialAttention(SpatialAttention):
    """A :class:`SpatialAttention` whose values already carry ``gamma``, [B, d, g, g] -> the same."""

    def __init__(self, block: SpatialAttention) -> None:
        nn.Module.__init__(self)
        self.qConv, self.kConv = block.qConv, block.kConv
        value = block.vConv
        assert value.bias is not None  # noqa: S101 - for the type checker: the block always has one
        self.vConv = nn.Conv2d(value.in_channels, value.out_channels, 1, device="meta")
        with torch.no_grad():
            self.vConv.weight = nn.Parameter(value.weight * block.gamma)
            self.vConv.bias = nn.Parameter(value.bias * block.gamma)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x) + x


def fold_gamma(student: nn.Module, config: StudentConfig) -> nn.Module:
    """One multiplication less over every map of every spatial attention."""
    for parent in list(student.modules()):
        for index, child in list(parent.named_children()):
            if type(child) is SpatialAttention:
                setattr(parent, index, FoldedSpatialAttention(child))
    return student
