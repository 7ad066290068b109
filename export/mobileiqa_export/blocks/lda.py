"""The local distortion aware block of MobileIQA (arXiv 2409.01212, section 3.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class LocalDistortionAware(nn.Module):
    """One tap [B, C, H, W] -> local features [B, width, grid, grid].

    Widens every position, applies GELU, pools adaptively to the grid, and projects.
    """

    def __init__(self, channels: int, hidden: int, width: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.cnn1 = nn.Conv2d(channels, hidden, 1)
        self.cnn2 = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.cnn2(F.adaptive_avg_pool2d(F.gelu(self.cnn1(x)), self.grid))
        return out
