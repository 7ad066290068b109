"""Reductions and cumulative sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .registry import operator

Reduction = Callable[[Tensor, list[int], bool], Tensor]

_REDUCTIONS: dict[str, Reduction] = {
    "reduce_l1_norm": lambda x, axes, keep: x.abs().sum(axes, keep),
    "reduce_l2_norm": lambda x, axes, keep: x.square().sum(axes, keep).sqrt(),
    "reduce_log_sum": lambda x, axes, keep: x.sum(axes, keep).log(),
    "reduce_log_sum_exp": lambda x, axes, keep: x.logsumexp(axes, keep),
    "reduce_max": lambda x, axes, keep: x.amax(axes, keep),
    "reduce_mean": lambda x, axes, keep: x.mean(axes, keep),
    "reduce_min": lambda x, axes, keep: x.amin(axes, keep),
    "reduce_sum": lambda x, axes, keep: x.sum(axes, keep),
    "reduce_sum_square": lambda x, axes, keep: x.square().sum(axes, keep),
}


def _reduction(reduce: Reduction) -> Callable[..., Tensor]:
    def apply(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
        over = list(range(x.ndim)) if axes is None else list(axes)
        return reduce(x, over, keep_dims)

    return apply


for _name, _reduce in _REDUCTIONS.items():
    operator(_name)(_reduction(_reduce))


@operator("reduce_prod")
def reduce_prod(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """Returns the product over the axes, by default over all."""
    for axis in sorted(range(x.ndim) if axes is None else (axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keep_dims)
    return x


@operator("reduce_argmax")
def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    """Returns the index of the largest element along the axis."""
    return torch.argmax(x, axis, keep_dims)


@operator("reduce_argmin")
def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    """Returns the index of the smallest element along the axis."""
    return torch.argmin(x, axis, keep_dims)


@operator("cumsum")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Returns the sums of all elements up to each one, or before it if exclusive."""
    ordered = x.flip(axis) if reverse else x
    sums = ordered.cumsum(axis)
    sums = sums - ordered if exclusive else sums
    return sums.flip(axis) if reverse else sums
