"""The multi-view attention layer of MobileIQA (arXiv 2409.01212, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import SpatialAttention, TokenAttention


class MultiViewAttention(nn.Module):
    """``maps`` feature maps [B, d, g, g] -> one [B, d, g, g].

    Each map attends to itself. Together they attend once with d tokens (features) and once with g*g tokens
    (positions); both answers are averaged, and then the maps.
    """

    def __init__(self, maps: int, width: int, grid: int) -> None:
        super().__init__()
        self.channel_attention = TokenAttention(maps * width)
        self.feature_attention = TokenAttention(maps * grid * grid)
        self.attention_module = nn.ModuleList(SpatialAttention(width) for _ in range(maps))

    def forward(self, maps: list[Tensor]) -> Tensor:
        attended = [block(x) for block, x in zip(self.attention_module, maps, strict=True)]
        x = torch.cat([y.flatten(2) for y in attended], dim=1)
        return self.combine(x, len(maps)).view_as(maps[0])

    def combine(self, x: Tensor, maps: int) -> Tensor:
        """Combines all maps side by side [B, n*d, N] to one [B, d, N]."""
        batch, channels, places = x.shape
        width = channels // maps
        # A reshape, not a permute: the released code mixes maps and positions here.
        features: Tensor = self.feature_attention(x.reshape(batch, width, maps * places))
        positions: Tensor = self.channel_attention(x.transpose(1, 2))
        both = (features.reshape(x.shape) + positions.transpose(1, 2)) / 2
        return both.reshape(batch, maps, width, places).mean(dim=1)
