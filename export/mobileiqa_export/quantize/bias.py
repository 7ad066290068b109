"""Bias correction: quantized weights shift a layer's mean output, and its bias can shift it back.

Nagel et al. 2019 (arXiv 1906.04721), section 4.2, in the empirical form: the shift is measured on the
calibration pictures, channel by channel, each layer with the inputs of the float network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..precisions import Scheme
from .fakequant import Call, Layer, quantized, visiting


class Shift(NamedTuple):
    """How far quantized weights move the mean output of a layer.

    Attributes:
        modules: those that :class:`Layer` names.
        weights: number of elements of the layer's weight.
        bias: dotted name of the bias that can make up for it.
        mean: per output channel.
    """

    modules: frozenset[str]
    weights: int
    bias: str
    mean: Tensor


def bias_shifts(network: nn.Module, scheme: Scheme, pictures: Sequence[NDArray[np.uint8]]) -> list[Shift]:
    """Returns the shift of every convolution and linear layer that has a bias, over pictures uint8 RGB [H,
    W, 3].

    Only the error of the weights counts: that of rounded activations averages out.
    """
    weights_only = replace(scheme, activations=None)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    moved: dict[str, list[Tensor]] = {}
    owners: dict[str, Layer] = {}

    def visit(call: Call) -> Tensor:
        clean = call.compute(call.weight, call.input)
        if id(call.bias) in names:  # no bias, or one that the network computes, cannot be corrected
            error = quantized(call, weights_only) - clean
            name = names[id(call.bias)]
            owners[name] = call.layer
            moved.setdefault(name, []).append(_per_channel(error, call))
        return clean

    with visiting(network, visit, {}):
        for picture in pictures:
            network(torch.from_numpy(picture)[None])
    return [
        Shift(frozenset(owners[name].modules), owners[name].weights, name, torch.stack(errors).mean(0))
        for name, errors in moved.items()
    ]


def correct_biases(network: nn.Module, shifts: Sequence[Shift], keep: frozenset[str] = frozenset()) -> int:
    """Subtracts the shifts from the biases, in place, and returns how many; layers of modules in ``keep``
    stay.
    """
    changed = [shift for shift in shifts if not keep.intersection(shift.modules)]
    with torch.no_grad():
        for shift in changed:
            network.get_parameter(shift.bias).sub_(shift.mean)
    return len(changed)


def _per_channel(error: Tensor, call: Call) -> Tensor:
    """Returns the mean over all axes but the channels: the last axis of a linear layer, the second of a
    convolution.
    """
    channel = error.dim() - 1 if call.weight.dim() == 2 else 1
    return error.mean([axis for axis in range(error.dim()) if axis != channel])
