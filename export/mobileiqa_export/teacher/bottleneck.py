"""The convolutional block of MobileViT-V2."""

from __future__ import annotations

from torch import Tensor, nn

from .convolution import ConvNorm

EXPANSION = 2


class Bottleneck(nn.Module):
    """Widens, filters each channel, projects; with a residual where shapes allow (MobileNetV2, arXiv
    1801.04381).

    [B, inputs, H, W] -> [B, outputs, H/stride, W/stride]; odd sides round up.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        wide = EXPANSION * inputs
        self.conv1_1x1 = ConvNorm(inputs, wide, 1)
        self.conv2_kxk = ConvNorm(wide, wide, 3, stride, depthwise=True)
        self.conv3_1x1 = ConvNorm(wide, outputs, 1, activated=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv3_1x1(self.conv2_kxk(self.conv1_1x1(x)))
        return x + y if self.residual else y
