"""Some elements of a tensor, or a tensor made of one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .registry import op


@op("slice_by_index", moves=True)
def slice_by_index(
    x: Tensor,
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Tensor:
    """x[begin:end:stride, ...] as numpy's; a mask ignores a begin or an end, or takes one element."""
    none = [False] * x.ndim
    rows = zip(
        range(x.ndim),
        begin,
        end,
        stride or [1] * x.ndim,
        begin_mask or none,
        end_mask or none,
        squeeze_mask or none,
        strict=True,
    )
    gone: list[int] = []
    for axis, first, last, step, from_start, to_end, one in rows:
        if one:
            x, gone = x.narrow(axis, first % x.shape[axis], 1), [*gone, axis]
            continue
        chosen = slice(None if from_start else first, None if to_end else last, step)
        places = range(x.shape[axis])[chosen]
        if step < 0:
            x = x.index_select(axis, torch.tensor(list(places), dtype=torch.int64))
        else:
            x = x[(slice(None),) * axis + (chosen,)]
    return x.squeeze(tuple(gone)) if gone else x


@op("slice_by_size", moves=True)
def slice_by_size(x: Tensor, begin: Sequence[int], size: Sequence[int]) -> Tensor:
    """As many elements from each begin; -1 is all that follow."""
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        first %= x.shape[axis]
        x = x.narrow(axis, first, x.shape[axis] - first if count == -1 else count)
    return x


@op("gather", moves=True)
def gather(
    x: Tensor,
    indices: Tensor,
    axis: int = 0,
    batch_dims: int = 0,
    validate_indices: bool = False,
) -> Tensor:
    """Slices of x along an axis at these places."""
    if batch_dims:
        raise ValueError("batch_dims are not supported")
    places = _counted(indices, x.shape[axis])
    axis %= x.ndim
    taken = x.index_select(axis, places.flatten())
    return taken.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


@op("gather_along_axis", moves=True)
def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    """One element of x for each of the indices, at its place but for the axis."""
    return x.gather(axis, _counted(indices, x.shape[axis]))


@op("topk", moves=True)
def topk(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> Sequence[Tensor]:
    """The largest elements, or the smallest, and where they are; sorted in any case."""
    values, places = torch.sort(x, dim=axis, descending=not ascending, stable=True)
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"{k} of {x.shape[axis]} elements")
    found = (values.narrow(axis, 0, k), places.narrow(axis, 0, k))
    return found if return_indices else found[:1]


@op("argsort", moves=True)
def argsort(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    """The places of all elements, the largest first."""
    return torch.argsort(x, dim=axis, descending=not ascending, stable=True)


@op("shape", moves=True)
def shape(x: Tensor) -> Tensor:
    """The sides of x."""
    return torch.tensor(x.shape)


@op("fill", moves=True)
def fill(shape: Sequence[int], value: Tensor) -> Tensor:
    """One value everywhere."""
    return value.expand(list(shape)).clone()


@op("fill_like", moves=True)
def fill_like(ref_tensor: Tensor, value: Tensor) -> Tensor:
    """One value everywhere, in the shape of another tensor."""
    return value.expand(ref_tensor.shape).clone()


def _counted(indices: Tensor, side: int) -> Tensor:
    """Negative indices count from the end."""
    places = indices.long()
    return torch.where(places < 0, places + side, places)
