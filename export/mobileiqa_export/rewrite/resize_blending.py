"""Replaces the resizing in front of the teacher's patches by products and sums."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.config import NetworkConfig
from ..teacher.backbone import sides_before_patches
from ..teacher.patches import PATCH
from ..teacher.vit_block import VitBlock
from .pipeline import PassResult


class Blend(nn.Module):
    """Enlarges one axis of a map by one, bilinearly with corners on corners: [.., n, ..] -> [.., n + 1, ..].

    Position j of the result lies at j - j/n of the n old ones, between the positions j - 1 and j: it takes
    j/n of the first and 1 - j/n of the second. So the result is a sum of two copies of the map, one with a
    zero after it and one with a zero before it, each times its weights.
    """

    first: Tensor
    second: Tensor

    def __init__(self, length: int, axis: int, like: Tensor) -> None:
        super().__init__()
        self.axis = axis
        share = torch.arange(length + 1, dtype=torch.float64) / length
        shape = [length + 1 if index == axis else 1 for index in range(4)]
        self.register_buffer("first", share.to(like).view(shape))
        self.register_buffer("second", (1 - share).to(like).view(shape))

    def forward(self, x: Tensor) -> Tensor:
        # F.pad begins with the last axis.
        zeros = [0, 0] * (3 - self.axis)
        return F.pad(x, [*zeros, 1, 0]) * self.first + F.pad(x, [*zeros, 0, 1]) * self.second


class BlendedVitBlock(VitBlock):
    """A :class:`VitBlock` for maps of one size, whose resizing every format computes alike."""

    def __init__(self, block: VitBlock, height: int, width: int) -> None:
        nn.Module.__init__(self)
        for name, child in block.named_children():
            self.add_module(name, child)
        like = block.conv_1x1.weight
        odd = [(axis, length) for axis, length in ((2, height), (3, width)) if length % PATCH]
        self.blend = nn.Sequential(*(Blend(length, axis, like) for axis, length in odd))

    def resized(self, x: Tensor) -> Tensor:
        """Returns the map enlarged to even sides, as :meth:`VitBlock.resized` does."""
        out: Tensor = self.blend(x)
        return out


def blend_resize(network: nn.Module, config: NetworkConfig) -> PassResult:
    """Replaces every resizing to even sides; formats differ in how they compute the positions."""
    blended = 0
    sizes = sides_before_patches(config.input_size)
    blocks = [(n, m) for n, m in network.named_modules() if type(m) is VitBlock]
    for (name, block), (height, width) in zip(blocks, sizes, strict=bool(blocks)):
        if height % PATCH or width % PATCH:
            network.set_submodule(name, BlendedVitBlock(block, height, width))
            blended += 1
    return PassResult.of(network, blended, "map with an odd side before a transformer")
