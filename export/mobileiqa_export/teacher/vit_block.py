"""The MobileViT-V2 block (arXiv 2206.02680): convolutions look around, a transformer looks everywhere."""

from __future__ import annotations

from torch import Tensor, nn

from .convolution import ConvNorm
from .patches import folded, resized_to_patches, unfolded
from .transformer import LinearTransformer, norm_of


class VitBlock(nn.Module):
    """[B, C, H, W] -> [B, C, H', W'], whose sides are the next even numbers; the map is not resized back.

    The transformer has half the channels.
    """

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        dim = channels // 2
        self.conv_kxk = ConvNorm(channels, channels, 3, depthwise=True)
        self.conv_1x1 = nn.Conv2d(channels, dim, 1, bias=False)
        self.transformer = nn.Sequential(*(LinearTransformer(dim) for _ in range(depth)))
        self.norm = norm_of(dim)
        self.conv_proj = ConvNorm(dim, channels, 1, activated=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.resized(x)
        height, width = x.shape[2:]
        y = self.norm(self.transformer(unfolded(self.conv_1x1(self.conv_kxk(x)))))
        out: Tensor = self.conv_proj(folded(y, height, width))
        return out

    def resized(self, x: Tensor) -> Tensor:
        """Returns the map enlarged to even sides."""
        return resized_to_patches(x)
