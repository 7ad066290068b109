"""What several passes do to a network's modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Old = TypeVar("Old", bound=nn.Module)


def replace_all(network: nn.Module, old: type[Old], make: Callable[[Old], nn.Module]) -> nn.Module:
    """Put ``make(module)`` in the place of every module of exactly this type; subclasses stay."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is old:
                parent.add_module(name, make(child))
    return network


def bias_of(conv: nn.Conv2d) -> Tensor:
    """Bias of a convolution, [out channels]; zeros where it has none."""
    if conv.bias is None:
        return torch.zeros(conv.out_channels).to(conv.weight)
    return conv.bias.detach()
