"""The transformer block of MobileViT-V2 (arXiv 2206.02680)."""

from __future__ import annotations

from torch import Tensor, nn

from .linear_attention import LinearAttention

EXPANSION = 2


class MultiLayerPerceptron(nn.Module):
    """Two layers at every position with SiLU between them: [B, d, P, N] -> the same."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(dim, EXPANSION * dim, 1)
        self.act = nn.SiLU()
        self.fc2 = nn.Conv2d(EXPANSION * dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(self.act(self.fc1(x)))
        return out


class LinearTransformer(nn.Module):
    """Attention and perceptron, each after a norm and beside a residual: [B, d, P, N] -> the same."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = norm_of(dim)
        self.attn = LinearAttention(dim)
        self.norm2 = norm_of(dim)
        self.mlp = MultiLayerPerceptron(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


def norm_of(dim: int) -> nn.GroupNorm:
    """Returns the norm whose mean and deviation are those of a whole map, all channels together."""
    return nn.GroupNorm(1, dim, eps=1e-5)
