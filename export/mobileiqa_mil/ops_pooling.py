"""Pooling and upsampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Unsupported, operator
from .windows import Pads, padded, pads

Pool = Callable[[Tensor, list[int], list[int]], Tensor]

_AVERAGES: dict[int, Pool] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_MAXIMA: dict[int, Pool] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


@operator("avg_pool")
def avg_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
    exclude_padding_from_average: bool = False,
) -> Tensor:
    """Returns the means of windows of x [N, C, ...], as devices compute them.

    What ``ceil_mode`` adds at the end of the input is padding like any other (apple/coremltools#2772,
    measured in PR #2844). Every window is divided by the size of the kernel or, with
    ``exclude_padding_from_average``, by the number of its elements that lie in x. PyTorch never counts what
    its own ceil_mode adds.
    """
    around, strides = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    sums_over_size = _average(padded(x, around), kernel_sizes, strides)
    if not exclude_padding_from_average:
        return sums_over_size
    inside = padded(torch.ones(1, 1, *x.shape[2:]), around)
    return sums_over_size / _average(inside, kernel_sizes, strides)


@operator("max_pool")
def max_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Returns the maxima of windows of x [N, C, ...]; padding counts as -inf, ``ceil_mode``'s too."""
    around, strides = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    pool = _of_rank(x, _MAXIMA)
    return pool(padded(x, around, -math.inf), list(kernel_sizes), strides)


@operator("l2_pool")
def l2_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Returns the square roots of the sums of squares of windows of x [N, C, ...]."""
    around, strides = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    return (_average(padded(x.square(), around), kernel_sizes, strides) * math.prod(kernel_sizes)).sqrt()


@operator("upsample_nearest_neighbor")
def upsample_nearest(x: Tensor, scale_factor_height: float = 1, scale_factor_width: float = 1) -> Tensor:
    """Returns the last two axes enlarged by repetition."""
    size = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return F.interpolate(x, size, mode="nearest")


@operator("upsample_bilinear")
def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    """Returns the last two axes enlarged by linear interpolation, on the grid that MIL describes."""
    if half_pixel_centers == align_corners:
        raise Unsupported(f"align_corners and half_pixel_centers both {align_corners}")
    size = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return F.interpolate(x, size, mode="bilinear", align_corners=align_corners)


def _average(x: Tensor, kernel: Sequence[int], strides: Sequence[int]) -> Tensor:
    return _of_rank(x, _AVERAGES)(x, list(kernel), list(strides))


def _of_rank(x: Tensor, pools: Mapping[int, Pool]) -> Pool:
    """Returns the one of torch's pools for x [N, C, ...]."""
    if x.ndim - 2 not in pools:
        raise Unsupported(f"an input with {x.ndim} axes")
    return pools[x.ndim - 2]


def _padding(
    x: Tensor,
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    pad_type: str,
    pad: Sequence[int] | None,
    ceil_mode: bool,
) -> tuple[Pads, list[int]]:
    """Returns all padding of a pool, that of ``ceil_mode`` included, and its strides."""
    steps = list(strides or [1] * (x.ndim - 2))
    around = pads(pad_type, pad, x.shape[2:], kernel, steps)
    return (_completed(around, x.shape[2:], kernel, steps) if ceil_mode else around), steps


def _completed(around: Pads, sides: Sequence[int], kernel: Sequence[int], strides: Sequence[int]) -> Pads:
    """Returns the padding that completes the last window along each axis, unless it holds only padding."""
    completed = []
    for side, span, stride, (before, after) in zip(sides, kernel, strides, around, strict=True):
        count = -(-(side + before + after - span) // stride) + 1
        if (count - 1) * stride >= side + before and before + after > 0:
            count -= 1
        missing = (count - 1) * stride + span - side - before - after
        completed.append((before, after + max(0, missing)))
    return completed
