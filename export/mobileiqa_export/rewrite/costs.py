"""Counts what a network costs, operator by operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from .._vendor import DISPATCH_MODE, TREE_LEAVES

_DispatchMode: Any = DISPATCH_MODE.load()
_leaves: Any = TREE_LEAVES.load()


@dataclass(frozen=True)
class Cost:
    """Cost of one forward pass over one photo.

    Attributes:
        parameters: number of trained weights; fixed matrices are not counted.
        macs: multiply-accumulates of convolutions and matrix products.
        largest_activation: bytes of the largest tensor that an operation writes.
    """

    parameters: int
    macs: int
    largest_activation: int


class _LargestOutput(_DispatchMode):  # type: ignore[misc]
    bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [leaf for leaf in _leaves(out) if isinstance(leaf, Tensor)]
            self.bytes = max([self.bytes, *(t.numel() * t.element_size() for t in tensors)])
        return out


def cost_of(network: nn.Module, example: Tensor) -> Cost:
    """Counts one forward pass over an example; on the meta device that takes no memory and no arithmetic."""
    shadow = deepcopy(network).to("meta") if example.is_meta else network
    largest = _LargestOutput()
    flops = FlopCounterMode(display=False)
    with _without_gradients(shadow), torch.inference_mode(), largest, flops:
        shadow(example)
    parameters = sum(p.numel() for p in network.parameters())
    return Cost(parameters, flops.get_total_flops() // 2, largest.bytes)


@contextmanager
def _without_gradients(network: nn.Module) -> Iterator[None]:
    """Marks weights as not trained meanwhile: the counter looks for the gradients of a module's inputs, and
    a computed weight is made by a module whose inputs are weights.
    """
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    network.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_()
