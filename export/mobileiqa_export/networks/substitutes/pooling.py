"""Adaptive pooling, averages with a divisor of their own, and max pooling without a stride."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ...rewrite.pooling import bins, pooling_matrix
from .arguments import pair
from .context import Context


def adaptive_average(context: Context, input: Tensor, output_size: Any) -> Tensor | None:
    """Pools maps by adaptive averages: two products by fixed matrices, or a mean if there is one bin only."""
    rows, columns = _sides(output_size, input, 2)
    if rows == columns == 1:
        return input.mean((-2, -1), keepdim=True)
    height, width = input.shape[-2:]
    return _pooling(context, height, rows).T @ input @ _pooling(context, width, columns)


def adaptive_average_3d(context: Context, input: Tensor, output_size: Any) -> Tensor | None:
    """Pools volumes [..., D, H, W] by adaptive averages: a product by a fixed matrix along each axis."""
    for axis, count in zip((-3, -2, -1), _sides(output_size, input, 3), strict=True):
        moved = input.movedim(axis, -1)
        input = (moved @ _pooling(context, moved.shape[-1], count)).movedim(-1, axis)
    return input


def _pooling(context: Context, length: int, count: int) -> Tensor:
    """Returns adaptive average pooling of one axis as a constant [length, count]."""
    return context.constant(f"pooling_{length}_{count}", lambda: pooling_matrix(length, count))


def adaptive_largest(
    context: Context, input: Tensor, output_size: Any, return_indices: bool = False
) -> Tensor | None:
    """Pools maps by adaptive maxima, without indices: bin by bin, rows first."""
    if return_indices:
        return None
    return _largest_of_bins(input, _sides(output_size, input, 2))


def adaptive_largest_3d(
    context: Context, input: Tensor, output_size: Any, return_indices: bool = False
) -> Tensor | None:
    """Pools volumes [..., D, H, W] by adaptive maxima, without indices."""
    if return_indices:
        return None
    return _largest_of_bins(input, _sides(output_size, input, 3))


def _largest_of_bins(input: Tensor, sides: list[int]) -> Tensor:
    for axis, count in zip(range(-len(sides), 0), sides, strict=True):
        length = input.shape[axis]
        if count == 1:
            input = input.amax(axis, keepdim=True)
        elif count != length:
            parts = [input.narrow(axis, start, end - start) for start, end in bins(length, count)]
            input = torch.cat([part.amax(axis, keepdim=True) for part in parts], axis)
    return input


def adaptive_largest_1d(
    context: Context, input: Tensor, output_size: Any, return_indices: bool = False
) -> Tensor | None:
    """Pools rows by adaptive maxima, without indices, [..., L] -> [..., count]."""
    count = output_size if isinstance(output_size, int) else output_size[0]
    pooled = adaptive_largest(context, input.unsqueeze(-2), (None, count), return_indices)
    return None if pooled is None else pooled.squeeze(-2)


def average_by_divisor(
    context: Context,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor | None:
    """Pools averages with a divisor of their own, which ONNX lacks: the usual averages, multiplied by a
    number.
    """
    if divisor_override is None or ceil_mode:
        return None
    rows, columns = pair(kernel_size)
    average: Tensor = F.avg_pool2d(input, kernel_size, stride, padding, count_include_pad=True)
    scaled: Tensor = average * (rows * columns / divisor_override)
    return scaled


def largest(
    context: Context,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | None:
    """Pools maxima with the stride written out, which Core ML's converter needs, or takes the maximum of a
    single window.
    """
    if stride or return_indices:
        return None
    plain = pair(padding) == (0, 0) and pair(dilation) == (1, 1)
    if plain and pair(kernel_size) == tuple(input.shape[-2:]):
        return input.amax((-2, -1), keepdim=True)
    return F.max_pool2d(input, kernel_size, kernel_size, padding, dilation, ceil_mode)


def _sides(output: Any, x: Tensor, count: int) -> list[int]:
    """Returns the requested sizes of the last ``count`` axes; None in ``output`` keeps a size."""
    sides = (output,) * count if isinstance(output, int) else tuple(output)
    return [size if side is None else side for side, size in zip(sides, x.shape[-count:], strict=True)]
