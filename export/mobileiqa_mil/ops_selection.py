"""Slicing, gathering, sorting and filling."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .registry import Unsupported, operator


@operator("slice_by_index", moves=True)
def slice_by_index(
    x: Tensor,
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Tensor:
    """Returns x[begin:end:stride, ...] as numpy does.

    ``begin_mask`` and ``end_mask`` ignore a begin or an end; ``squeeze_mask`` takes the one element at
    begin and drops the axis.
    """
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


@operator("slice_by_size", moves=True)
def slice_by_size(x: Tensor, begin: Sequence[int], size: Sequence[int]) -> Tensor:
    """Returns ``size`` elements from each ``begin`` on; a size of -1 is all that follow."""
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        first %= x.shape[axis]
        x = x.narrow(axis, first, x.shape[axis] - first if count == -1 else count)
    return x


@operator("gather", moves=True)
def gather(
    x: Tensor,
    indices: Tensor,
    axis: int = 0,
    batch_dims: int = 0,
    validate_indices: bool = False,
) -> Tensor:
    """Returns the slices of x along an axis at these indices."""
    if batch_dims:
        raise Unsupported("batch_dims")
    places = _from_start(indices, x.shape[axis])
    axis %= x.ndim
    taken = x.index_select(axis, places.flatten())
    return taken.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


@operator("gather_nd", moves=True)
def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    """Returns the slice of x at each vector of indices, which lie along the last axis of ``indices``."""
    if batch_dims:
        raise Unsupported("batch_dims")
    axes = indices.unbind(-1)
    return x[tuple(_from_start(each, size) for each, size in zip(axes, x.shape, strict=False))]


@operator("gather_along_axis", moves=True)
def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    """Returns x at the position of each index, with the position along the axis replaced by the index."""
    return x.gather(axis, _from_start(indices, x.shape[axis]))


@operator("topk", moves=True)
def topk(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> Sequence[Tensor]:
    """Returns the k largest (or smallest) elements and their indices, always sorted."""
    values, places = torch.sort(x, dim=axis, descending=not ascending, stable=True)
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"k is {k}, the axis has {x.shape[axis]} elements")
    first = values.narrow(axis, 0, k)
    return (first, places.narrow(axis, 0, k)) if return_indices else (first,)


@operator("argsort", moves=True)
def argsort(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    """Returns the indices that sort x, by default the largest first."""
    return torch.argsort(x, dim=axis, descending=not ascending, stable=True)


@operator("shape", moves=True)
def shape(x: Tensor) -> Tensor:
    """Returns the shape of x as a vector."""
    return torch.tensor(x.shape)


@operator("fill", moves=True)
def fill(shape: Sequence[int], value: Tensor) -> Tensor:
    """Returns a tensor of this shape with one value everywhere."""
    return value.expand(list(shape)).clone()


@operator("fill_like", moves=True)
def fill_like(ref_tensor: Tensor, value: Tensor) -> Tensor:
    """Returns a tensor of the shape of another with one value everywhere."""
    return value.expand(ref_tensor.shape).clone()


def _from_start(indices: Tensor, side: int) -> Tensor:
    """Returns the indices counted from the start: negative ones count from the end."""
    places = indices.long()
    return torch.where(places < 0, places + side, places)
