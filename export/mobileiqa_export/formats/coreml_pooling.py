"""Average pooling written so that Core ML computes what PyTorch does.

Core ML counts the positions that ``ceil_mode`` adds at the end of a map as padding; PyTorch never does
(coremltools issue 2772). Nor does Core ML have a counterpart of ``divisor_override``. Both cases are written
as a plain pooling of a padded map, multiplied by the ratio of the two divisors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_aten = torch.ops.aten
_POOLS: dict[int, Any] = {
    1: _aten.avg_pool1d.default,
    2: _aten.avg_pool2d.default,
    3: _aten.avg_pool3d.default,
}


def _average(axes: int) -> Callable[..., Any]:
    pool = _POOLS[axes]

    def average(
        x: Tensor,
        kernel_size: Sequence[int],
        stride: Sequence[int] = (),
        padding: Sequence[int] = (0,),
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        """Pools the last axes of a map; NotImplemented where Core ML pools as PyTorch does."""
        if not ceil_mode and divisor_override is None:
            return NotImplemented
        kernel, pad = _each(kernel_size, axes), _each(padding, axes)
        step = _each(stride, axes) if stride else kernel
        behind = [0] * axes
        if ceil_mode:
            behind = [_missing(*sizes) for sizes in zip(x.shape[-axes:], kernel, step, pad, strict=True)]
        margins = [(p, p + b) for p, b in zip(pad, behind, strict=True)]
        sums = pool(_padded(x, margins), kernel, step)
        if divisor_override is not None:
            return sums * (math.prod(kernel) / divisor_override)
        ones = torch.ones((1, 1, *x.shape[-axes:]), dtype=x.dtype)
        if count_include_pad:
            ones = _padded(ones, [(p, p) for p in pad], 1.0)
            margins = [(0, b) for b in behind]
        shares = pool(_padded(ones, margins), kernel, step)
        return sums / (shares if x.dim() > axes + 1 else shares[0])

    return average


def _missing(length: int, kernel: int, step: int, pad: int) -> int:
    """Returns how many positions the last window of ``ceil_mode`` extends past the padded axis."""
    count = -(-(length + 2 * pad - kernel) // step) + 1
    if (count - 1) * step >= length + pad:  # PyTorch drops a window that would begin past the end of the map
        count -= 1
    return max((count - 1) * step + kernel - length - 2 * pad, 0)


def _padded(x: Tensor, margins: Sequence[tuple[int, int]], value: float = 0.0) -> Tensor:
    flat = [side for margin in reversed(margins) for side in margin]
    return F.pad(x, flat, value=value) if any(flat) else x


def _each(value: Sequence[int], axes: int) -> list[int]:
    return list(value) * axes if len(value) == 1 else list(value)


POOLINGS: dict[Any, Callable[..., Any]] = {pool: _average(axes) for axes, pool in _POOLS.items()}
"""For ``ExportedProgram.run_decompositions``."""
