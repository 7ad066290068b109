"""Helpers that several passes share."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn

Old = TypeVar("Old", bound=nn.Module)
Network = TypeVar("Network", bound=nn.Module)


def replace_all(network: nn.Module, old: type[Old], make: Callable[[Old], nn.Module]) -> int:
    """Replaces every module of exactly this type by ``make(module)`` in place; returns how many.

    Modules of a subclass stay.
    """
    replaced = 0
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is old:
                parent.add_module(name, make(child))
                replaced += 1
    return replaced


def sharing_weights(network: Network) -> Network:
    """Returns a copy with the network's own parameters and buffers, whose modules can be replaced.

    What its code stores in its modules while it is traced, which are tensors without values, does not reach
    the original.
    """
    tensors = (*network.parameters(), *network.buffers())
    return deepcopy(network, {id(tensor): tensor for tensor in tensors})


def bias_of(conv: nn.Conv2d) -> Tensor:
    """Returns the bias of a convolution, [out channels]; zeros if it has none."""
    if conv.bias is None:
        return torch.zeros(conv.out_channels).to(conv.weight)
    return conv.bias.detach()
