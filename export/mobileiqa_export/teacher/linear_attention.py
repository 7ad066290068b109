"""The separable self-attention of MobileViT-V2 (arXiv 2206.02680, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LinearAttention(nn.Module):
    """Attention whose cost grows with the number of positions, not with its square: [B, d, P, N] -> the same.

    Every position has one score. In each of the P groups a softmax over the N positions turns scores into
    weights, the weighted mean of the keys is the context, and the context scales every value.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.qkv_proj = nn.Conv2d(dim, 1 + 2 * dim, 1)
        self.out_proj = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        score, key, value = torch.split(self.qkv_proj(x), [1, self.dim, self.dim], dim=1)
        context = (key * torch.softmax(score, dim=-1)).sum(dim=-1, keepdim=True)
        out: Tensor = self.out_proj(torch.relu(value) * context)
        return out
