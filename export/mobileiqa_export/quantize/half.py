"""Simulates float16 in PyTorch: for each module, in the functions that it calls itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobileiqa_sdk.progress import SILENT, Progress

from .._vendor import TREE_MAP
from ..reference import numbers_in
from ..tracing import Trace
from .sensitivity import LayerDamage, decibels, measure_damage

_mapped: Any = TREE_MAP.load()

Visit = Callable[[str, Any, Any], Any]
"""Takes a module's name and the answers of a function in float32 and in float16; returns one of them."""


class _HalfTrace(Trace):
    """Computes every function a second time with weights and results rounded to float16."""

    def __init__(self, network: nn.Module, visit: Visit) -> None:
        super().__init__(network)
        self._visit = visit
        self._weights = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Lets ``visit`` choose between the two answers of a function."""
        if getattr(function, "__name__", "").rstrip("_") != getattr(function, "__name__", ""):
            return function(*args, **kwargs)  # works in place or asks for an attribute
        clean = function(*args, **kwargs)
        if not _has_floats(clean):
            return clean
        rounded = function(*_mapped(self._stored, tuple(args)), **_mapped(self._stored, dict(kwargs)))
        return self._visit(self.running[-1].name if self.running else "", clean, _mapped(half, rounded))

    def _stored(self, value: Any) -> Any:
        return half(value) if id(value) in self._weights else value


class HalfSensitivity:
    """Measures what float16 does to a network on a few calibration pictures, uint8 RGB [H, W, 3] each.

    A row of its tables is a module; what no module does is the row of the network itself.
    """

    def __init__(self, network: nn.Module, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self._network = network
        self._batches = [torch.from_numpy(picture)[None] for picture in pictures]

    def noise(self) -> list[LayerDamage]:
        """Returns each module with its SQNR, with the inputs of the float network, noisiest first."""
        signal: dict[str, float] = {}
        error: dict[str, float] = {}

        def visit(module: str, clean: Any, rounded: Any) -> Any:
            if isinstance(clean, Tensor):
                power = float(clean.square().sum(dtype=torch.float64))
                signal[module] = signal.get(module, 0.0) + power
                difference = float((clean - rounded).square().sum(dtype=torch.float64))
                error[module] = error.get(module, 0.0) + difference
            return clean

        self._answers(visit)
        rows = [
            LayerDamage(
                name or "the network itself", (name,), self._count(name), decibels(signal[name], error[name])
            )
            for name in signal
        ]
        return sorted(rows, key=lambda row: row.sqnr_db)

    def ends(self, first: float, last: float) -> frozenset[str]:
        """Returns nothing: no module is worse for being the first or the last."""
        return frozenset()

    def damage(self, rows: Sequence[LayerDamage], progress: Progress = SILENT) -> list[LayerDamage]:
        """Measures the answers with each of these modules alone in float16; most damaging first."""
        clean = self._answers(lambda module, clean, rounded: clean)

        def answers(row: LayerDamage) -> list[tuple[float, ...]]:
            chosen = row.modules[0]
            return self._answers(lambda module, clean, rounded: rounded if module == chosen else clean)

        return measure_damage(rows, clean, answers, progress)

    def _answers(self, visit: Visit) -> list[tuple[float, ...]]:
        with torch.inference_mode(), _HalfTrace(self._network, visit):
            return [numbers_in(self._network(batch)) for batch in self._batches]

    def _count(self, module: str) -> int:
        own = self._network.get_submodule(module).parameters(recurse=False)
        return sum(parameter.numel() for parameter in own)


def half(value: Any) -> Any:
    """Returns a float32 tensor on the grid of float16, infinite beyond 65504; other values as they are."""
    if isinstance(value, Tensor) and value.dtype == torch.float32:
        return value.half().float()
    return value


def _has_floats(answer: Any) -> bool:
    answers = answer if isinstance(answer, (tuple, list)) else (answer,)
    return any(isinstance(value, Tensor) and value.dtype == torch.float32 for value in answers)
