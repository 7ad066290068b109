"""Tensors of one value, written so that they have the type that PyTorch gives them.

Of ``zeros_like(mask, dtype=torch.float32)`` coremltools ignores the type: attention's additive masks, which
PyTorch makes so of masks of booleans, came out as booleans again, and stood for the opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

_aten = torch.ops.aten


def _plain(value: float) -> Callable[..., Any]:
    return lambda size, dtype=None, **_: _filled(size, value, dtype or torch.get_default_dtype())


def _like(value: float) -> Callable[..., Any]:
    return lambda x, dtype=None, **_: _filled(x.shape, value, dtype or x.dtype)


def _full_like(x: Tensor, value: float, dtype: torch.dtype | None = None, **_: object) -> Any:
    return _filled(x.shape, value, dtype or x.dtype)


def _new(value: float) -> Callable[..., Any]:
    return lambda x, size, dtype=None, **_: _filled(size, value, dtype or x.dtype)


def _new_full(
    x: Tensor, size: Sequence[int], value: float, dtype: torch.dtype | None = None, **_: object
) -> Any:
    return _filled(size, value, dtype or x.dtype)


def _filled(size: Sequence[int], value: float, dtype: torch.dtype) -> Any:
    """Returns the one operation whose type coremltools heeds."""
    return _aten.full.default(list(size), value, dtype=dtype)


FILLINGS: dict[Any, Callable[..., Any]] = {
    _aten.zeros.default: _plain(0),
    _aten.ones.default: _plain(1),
    _aten.zeros_like.default: _like(0),
    _aten.ones_like.default: _like(1),
    _aten.full_like.default: _full_like,
    _aten.new_zeros.default: _new(0),
    _aten.new_ones.default: _new(1),
    _aten.new_full.default: _new_full,
}
"""For ``ExportedProgram.run_decompositions``."""
