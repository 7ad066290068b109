"""The two attention blocks that a multi-view attention layer is made of."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SpatialAttention(nn.Module):
    """Self-attention of one map over its positions, [B, d, g, g] -> the same.

    Queries and keys have d/8 channels, the scores are not scaled, and a learned ``gamma`` weighs
    the result against the residual (SAGAN, arXiv 1805.08318).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qConv = nn.Conv2d(width, width // 8, 1)
        self.kConv = nn.Conv2d(width, width // 8, 1)
        self.vConv = nn.Conv2d(width, width, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma * self.attend(x) + x

    def attend(self, x: Tensor) -> Tensor:
        """Returns the attention's own term, before ``gamma`` and the residual."""
        convolutions = (self.qConv, self.kConv, self.vConv)
        q, k, v = (torch.flatten(conv(x), 2) for conv in convolutions)
        weights = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
        return (v @ weights.transpose(1, 2)).view_as(x)


class TokenAttention(nn.Module):
    """Scaled dot-product attention over tokens, [B, T, D] -> the same, with the published reshape.

    Attributes:
        dropout: probability of dropping a number of the answer in training; the published code has 0.1.
    """

    dropout: float = 0.0

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.c_q = nn.Linear(dim, dim)
        self.c_k = nn.Linear(dim, dim)
        self.c_v = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        out = scrambled(self.weights(x) @ self.c_v(x))
        if self.training and self.dropout:
            out = F.dropout(out, self.dropout)
        return out + x

    def weights(self, x: Tensor) -> Tensor:
        """Returns how much each token takes from each other, [B, T, D] -> [B, T, T]; rows sum to one."""
        scores = self.c_q(x) @ self.c_k(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        return torch.softmax(scores, dim=-1)


def scrambled(out: Tensor) -> Tensor:
    """Returns [B, T, D] transposed to [B, D, T] and then *reshaped* to [B, T, D], not transposed back.

    The released training code does this, so trained weights depend on it.
    """
    return out.transpose(1, 2).reshape(out.shape)
