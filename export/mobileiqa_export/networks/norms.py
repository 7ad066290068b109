"""Folds BatchNorm into the layer before it, in a network whose code is not known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from .._vendor import TREE_LEAVES
from ..tracing import Trace

_leaves: Any = TREE_LEAVES.load()

_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
# Functions that ask for a tensor's shape or type and not for its values.
_FORM = {"dim", "size", "numel", "stride", "is_contiguous"}
_PROPERTIES = {"shape", "dtype", "device", "ndim", "layout", "is_cuda", "requires_grad"}


class _Flow(Trace):
    """Records which layer made a tensor, which norm takes it, and how often it is read."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.given: dict[int, tuple[Tensor, nn.Module]] = {}  # tensors are kept, so that ids stay theirs
        self.taken: dict[int, nn.Module] = {}
        self.reads: Counter[int] = Counter()
        self.calls: Counter[nn.Module] = Counter()
        self._weights: Counter[int] = Counter()
        self._weight_ids = {id(value) for value in (*network.parameters(), *network.buffers())}
        # What has hooks does more than its weights say.
        self._plain = {module for module in network.modules() if not _has_hooks(module)}

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Counts who reads what layers gave."""
        if not _asks_for_form(function):
            ids = {id(leaf) for leaf in _leaves((args, kwargs))}
            self.reads.update(ids & self.given.keys())
            self._weights.update(ids & self._weight_ids)
        return function(*args, **kwargs)

    def begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Notes what a norm takes."""
        if type(module) in _NORMS and module in self._plain:
            self.calls[module] += 1
            if inputs and id(inputs[0]) in self.given:
                self.taken[id(inputs[0])] = module

    def end(self, module: nn.Module, output: Any) -> None:
        """Notes what a layer gave."""
        if type(module) in _LAYERS and module in self._plain:
            self.given[id(output)] = (output, module)
            self.calls[module] += 1

    def pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """Returns layers and norms where the norm is the only reader of the only result of the layer."""
        return [
            (self.given[key][1], norm)
            for key, norm in self.taken.items()
            if self.reads[key] == 1
            and self.calls[norm] == self.calls[self.given[key][1]] == 1
            and self._alone(self.given[key][1])
            and self._alone(norm)
        ]

    def _alone(self, module: nn.Module) -> bool:
        """Returns whether only the module itself reads its weights."""
        own = (*module.parameters(recurse=False), *module.buffers(recurse=False))
        return all(self._weights[id(value)] <= 1 for value in own)


def fold_norms(network: nn.Module, example: Tensor) -> int:
    """Folds norms in place, following the data in one run over the example, and returns how many.

    At inference BatchNorm is a scale and a shift for each channel, which the layer before it can carry if
    nothing else reads that layer's result. A layer that runs twice or is part of two modules stays as it is.
    """
    flow = _Flow(network)
    with torch.inference_mode(), flow:
        network(example)
    places: dict[nn.Module, list[str]] = {}
    for name, module in network.named_modules(remove_duplicate=False):
        places.setdefault(module, []).append(name)
    folded = 0
    for layer, norm in flow.pairs():
        fits = isinstance(norm, nn.BatchNorm1d) != isinstance(layer, nn.Conv2d)
        has_statistics = norm.running_mean is not None and norm.running_var is not None
        if not (fits and has_statistics and len(places[layer]) == len(places[norm]) == 1):
            continue
        fuse = fuse_linear_bn_eval if isinstance(layer, nn.Linear) else fuse_conv_bn_eval
        network.set_submodule(places[layer][0], fuse(layer, norm))  # type: ignore[arg-type, type-var]
        network.set_submodule(places[norm][0], nn.Identity())
        folded += 1
    return folded


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks)


def _asks_for_form(func: Any) -> bool:
    name = getattr(func, "__name__", "")
    if name == "__get__":
        return getattr(func.__self__, "__name__", "") in _PROPERTIES
    return name in _FORM
