"""Simulates quantization in PyTorch, layer by layer, independently of a format's quantizer.

Weights and inputs of convolutions and matrix products are rounded to the grid of a precision and used
as floats (Jacob et al. 2018, arXiv 1712.05877). A real integer kernel differs from
that only in how it rounds sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..precisions import Scheme
from ..tracing import Trace

_CONVOLUTIONS = frozenset(("conv1d", "conv2d", "linear"))
_PRODUCTS = frozenset(("matmul", "__matmul__"))


class Range(NamedTuple):
    """Smallest and largest value that an activation took."""

    low: float
    high: float


@dataclass
class Layer:
    """One weight that is multiplied with activations.

    Attributes:
        name: dotted, of the parameter in the network, without a final ``.weight``.
        weights: number of its elements.
        modules: dotted names of the module that holds the weight and of those that multiply with it.
        range: of its input over the calibration set.
    """

    name: str
    weights: int = 0
    modules: set[str] = field(default_factory=set)
    range: Range = field(default_factory=lambda: Range(0.0, 0.0))


class Call(NamedTuple):
    """One multiplication in progress: the layer, its weight and input, and how to compute it with others."""

    layer: Layer
    weight: Tensor
    channels: int
    input: Tensor
    compute: Callable[[Tensor, Tensor], Tensor]
    bias: Tensor | None


Visit = Callable[[Call], Tensor]


class _LayerTrace(Trace):
    """While active, every multiplication with a weight of the network goes through ``visit``."""

    def __init__(self, network: nn.Module, visit: Visit, layers: dict[str, Layer]) -> None:
        super().__init__(network)
        named = [*network.named_parameters(), *network.named_buffers()]
        self._names = {id(tensor): name for name, tensor in named if tensor.dim() > 1}
        self._layers = layers
        self._visit = visit
        self._whole = _whole(network)

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Lets ``visit`` compute a multiplication with a weight."""
        at = self._weight_position(function, args)
        if at is None:
            return function(*args, **kwargs)
        name = self._names[id(args[at])]
        layer = self._layers.setdefault(name, Layer(name.removesuffix(".weight"), args[at].numel()))
        layer.modules.update({name.rpartition(".")[0], self.running[-1].name} - self._whole)

        def compute(weight: Tensor, values: Tensor) -> Tensor:
            pair = [values, weight] if at else [weight, values]
            out: Tensor = function(*pair, *args[2:], **kwargs)
            return out

        convolution = function.__name__ in _CONVOLUTIONS
        channels = 0 if convolution or at == 0 else args[at].dim() - 1
        bias = (args[2] if len(args) > 2 else kwargs.get("bias")) if convolution else None
        return self._visit(Call(layer, args[at], channels, args[1 - at], compute, bias))

    def _weight_position(self, function: Any, args: Sequence[Any]) -> int | None:
        name = getattr(function, "__name__", "")
        candidates: tuple[int, ...] = ()
        if name in _CONVOLUTIONS:
            candidates = (1,)
        elif name in _PRODUCTS:
            candidates = (0, 1)
        for at in candidates:
            if at < len(args) and id(args[at]) in self._names:
                return at
        return None


def _whole(network: nn.Module) -> set[str]:
    """Returns the name of the network, "", and those of modules that contain everything else.

    Sparing one of these would keep the whole network in float, so they are never offered as candidates.
    """
    names, module = [""], network
    while len(children := list(module.named_children())) == 1 and not list(module.parameters(recurse=False)):
        name, module = children[0]
        names.append(f"{names[-1]}.{name}".lstrip("."))
    return set(names)


@contextmanager
def visiting(network: nn.Module, visit: Visit, layers: dict[str, Layer]) -> Iterator[None]:
    """Sends the multiplications of every forward pass in the block through ``visit``; fills ``layers``."""
    with torch.inference_mode(), _LayerTrace(network, visit, layers):
        yield


def find_ranges(network: nn.Module, batches: Sequence[Tensor]) -> dict[str, Layer]:
    """Returns the layers of a network in execution order, with the ranges of their inputs over batches."""
    layers: dict[str, Layer] = {}

    def visit(call: Call) -> Tensor:
        low, high = (float(value) for value in torch.aminmax(call.input))
        bounds = call.layer.range
        call.layer.range = Range(min(bounds.low, low), max(bounds.high, high))
        return call.compute(call.weight, call.input)

    with visiting(network, visit, layers):
        for batch in batches:
            network(batch)
    return layers


def quantized(call: Call, scheme: Scheme) -> Tensor:
    """Returns the layer's output with its weight and its input rounded to the grid of the scheme."""
    weight = fake_weight(call.weight, scheme, call.channels)
    if scheme.activations is None:
        return call.compute(weight, call.input)
    bounds = call.layer.range
    if scheme.activations == "dynamic":
        bounds = Range(*(float(value) for value in torch.aminmax(call.input)))
    return call.compute(weight, fake_activation(call.input, bounds))


def fake_weight(weight: Tensor, scheme: Scheme, channels: int = 0) -> Tensor:
    """Returns a weight rounded to symmetric signed integers times a scale.

    There is a scale for each output channel (axis ``channels``), or for each block of inputs.
    """
    rows = weight.movedim(channels, 0)
    flat = rows.reshape(rows.shape[0], -1)
    if scheme.block is None:
        return _symmetric(flat, scheme.bits).view(rows.shape).movedim(0, channels)
    missing = -flat.shape[1] % scheme.block
    blocks = nn.functional.pad(flat, (0, missing)).view(-1, scheme.block)
    whole = _symmetric(blocks, scheme.bits).view(flat.shape[0], -1)[:, : flat.shape[1]]
    return whole.reshape(rows.shape).movedim(0, channels)


def fake_activation(values: Tensor, bounds: Range) -> Tensor:
    """Returns values rounded to unsigned 8 bits of a range that includes zero; others saturate."""
    low, high = min(bounds.low, 0.0), max(bounds.high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero = round(-low / scale)
    levels = ((values / scale).round() + zero).clamp(0, 255)
    return (levels - zero) * scale


def _symmetric(rows: Tensor, bits: int) -> Tensor:
    top = (1 << (bits - 1)) - 1
    scale = (rows.abs().amax(1, keepdim=True) / top).clamp_min(torch.finfo(rows.dtype).tiny)
    return torch.clamp(torch.round(rows / scale), -top, top) * scale
