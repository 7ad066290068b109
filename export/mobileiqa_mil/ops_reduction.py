"""Many elements to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .registry import op

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
    op(_name)(_reduction(_reduce))


@op("reduce_prod")
def reduce_prod(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
    """The product over the axes, all of them by default."""
    for axis in sorted(range(x.ndim) if axes is None else (axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keep_dims)
    return x


@op("reduce_argmax")
def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    """Where the largest element is; ``output_dtype`` is the declared one."""
    return torch.argmax(x, axis, keep_dims)


@op("reduce_argmin")
def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    """Where the smallest element is."""
    return torch.argmin(x, axis, keep_dims)


@op("cumsum")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Sums of all elements up to each."""
    ordered = x.flip(axis) if reverse else x
    sums = ordered.cumsum(axis)
    sums = sums - ordered if exclusive else sums
    return sums.flip(axis) if reverse else sums
