"""Convolutions that halve a map: how they are padded decides which pixels the windows see."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

Padding = Literal["symmetric", "same", "constant"]
"""Of convolutions that halve a map: ``symmetric``; ``same``, as TensorFlow's SAME, with the odd pixel below
and right; or ``constant``, which is ``same`` for even sides whatever the side."""


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Returns the zeros before and after one axis for TensorFlow's SAME: ceil(length / stride) outputs."""
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME; square kernel and stride."""

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        columns = same_padding(input.shape[3], kernel, stride)
        rows = same_padding(input.shape[2], kernel, stride)
        padded = F.pad(input, (*columns, *rows))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


class ConstantlyPaddedConv2d(nn.Conv2d):
    """A convolution that halves maps of any size, with the zeros that TensorFlow's SAME adds to even sides.

    One more row and column of zeros follow, which the windows reach only where a side is odd. So a network
    for any size does not compute its padding, and every side of at least one pixel is halved, rounding up.
    """

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        before, after = same_padding(stride * kernel, kernel, stride)
        padded = F.pad(input, 2 * (before, after + 1))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


def halving_convolution(
    padding: Padding, inputs: int, outputs: int, kernel: int, *, groups: int = 1, bias: bool = True
) -> nn.Conv2d:
    """Returns a convolution of stride 2 that is padded in this manner."""
    if padding == "symmetric":
        return nn.Conv2d(inputs, outputs, kernel, 2, kernel // 2, groups=groups, bias=bias)
    kind = SameConv2d if padding == "same" else ConstantlyPaddedConv2d
    return kind(inputs, outputs, kernel, 2, groups=groups, bias=bias)
