"""Reductions over all axes, norms of matrices, and sums of exponentials."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .context import Context


def largest_of_all(context: Context, input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor | None:
    """Returns the maximum over all axes, which converters need to have listed."""
    if dim != () or input.dim() == 0:
        return None
    return input.amax(tuple(range(input.dim())), keepdim=keepdim)


def smallest_of_all(context: Context, input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor | None:
    """Returns the minimum over all axes, which converters need to have listed."""
    if dim != () or input.dim() == 0:
        return None
    return input.amin(tuple(range(input.dim())), keepdim=keepdim)


def matrix_norm(
    context: Context,
    input: Tensor,
    ord: Any = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor | None:
    """Returns the Frobenius norm of matrices as the length of the vector of all their elements."""
    if ord != "fro" or dtype is not None:
        return None
    lengths: Tensor = torch.linalg.vector_norm(input, 2, dim, keepdim)
    return lengths


def log_of_sum(context: Context, input: Tensor, dim: Any, keepdim: bool = False) -> Tensor | None:
    """Returns log(sum(exp(input))) in steps, the sum one axis after the other.

    onnxruntime and LiteRT add up one number after the other. Where many are alike, as in what ReLU leaves of
    a map, so are the rounding errors, and add up; the shorter the sums, the less.
    """
    axes = dim if isinstance(dim, (tuple, list)) else (dim,)
    if input.dim() == 0 or not axes:
        return None
    largest = input.amax(axes, keepdim=True)
    total = (input - largest).exp()
    for axis in axes:
        total = total.sum(axis, keepdim=True)
    total = total.log() + largest
    return total if keepdim else total.squeeze(axes)
