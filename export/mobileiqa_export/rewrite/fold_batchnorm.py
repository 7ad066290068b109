"""BatchNorm into the convolution before it."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..student import StudentConfig


def fold_batchnorm(student: nn.Module, config: StudentConfig) -> nn.Module:
    """At inference BatchNorm is one scale and shift a channel, which the convolution can carry.

    Every block of the backbone names its convolutions and norms in the order they are applied.
    """
    for block in list(student.modules()):
        children = list(block.named_children())
        norms = [(name, child) for name, child in children if isinstance(child, nn.BatchNorm2d)]
        convs = [(name, child) for name, child in children if isinstance(child, nn.Conv2d)]
        if not norms:
            continue
        for (conv_name, conv), (norm_name, norm) in zip(convs, norms, strict=True):
            setattr(block, conv_name, fuse_conv_bn_eval(conv, norm))
            setattr(block, norm_name, nn.Identity())
    return student
