"""Operators of Python between booleans (``&``, ``|``, ``^``), by the names that coremltools knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_aten = torch.ops.aten


def _logical(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Any]:
    def decomposed(x: Tensor, y: Tensor) -> Any:
        """Combines booleans; NotImplemented for bits of integers, which Core ML does not have."""
        return function(x, y) if x.dtype == y.dtype == torch.bool else NotImplemented

    return decomposed


LOGIC: dict[Any, Callable[..., Any]] = {
    getattr(_aten, name).Tensor: _logical(function)
    for function, names in (
        (torch.logical_and, ("__and__", "bitwise_and")),
        (torch.logical_or, ("__or__", "bitwise_or")),
        (torch.logical_xor, ("__xor__", "bitwise_xor")),
    )
    for name in names
}
"""For ``ExportedProgram.run_decompositions``."""
