"""Pads by constants where a student takes any size: both sides are multiples of its last stride."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.config import NetworkConfig
from ..student.backbone import SameConv2d, same_padding
from .modules import bias_of, replace_all
from .pipeline import PassResult


class PaddedConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding of maps whose sides are multiples of its stride.

    The padding then depends only on the kernel and the stride, so no size has to be known.
    """

    def __init__(self, conv: SameConv2d) -> None:
        kernel, stride = int(conv.kernel_size[0]), int(conv.stride[0])
        super().__init__(
            conv.in_channels, conv.out_channels, kernel, stride, groups=conv.groups, device="meta"
        )
        self.weight, self.bias = conv.weight, nn.Parameter(bias_of(conv), requires_grad=False)
        self.sides = 2 * same_padding(stride * kernel, kernel, stride)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(F.pad(input, self.sides), self.weight, self.bias, self.stride, groups=self.groups)


def fix_padding(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Makes the padding of a student that takes any size constant."""
    if not config.settings:
        return PassResult(student, changed=False, reason="the student takes one size")
    return PassResult.of(
        student, replace_all(student, SameConv2d, PaddedConv2d), "convolution padded as TensorFlow does"
    )
