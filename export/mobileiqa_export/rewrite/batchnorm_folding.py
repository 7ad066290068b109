"""Folds BatchNorm into the convolution before it."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..blocks.config import NetworkConfig
from .pipeline import PassResult


def fold_batchnorm(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Folds every BatchNorm: at inference, a scale and a shift per channel that a convolution can carry.

    Relies on the backbone's blocks, which name convolutions and norms in the order they are applied.
    """
    folded = 0
    for block in list(student.modules()):
        children = list(block.named_children())
        norms = [(name, child) for name, child in children if isinstance(child, nn.BatchNorm2d)]
        convs = [(name, child) for name, child in children if isinstance(child, nn.Conv2d)]
        if not norms:
            continue
        for (conv_name, conv), (norm_name, norm) in zip(convs, norms, strict=True):
            setattr(block, conv_name, fuse_conv_bn_eval(conv, norm))
            setattr(block, norm_name, nn.Identity())
            folded += 1
    return PassResult.of(student, folded, "BatchNorm")
