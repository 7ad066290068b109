"""Pools, and their opposite."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import op
from .windows import Pads, padded, pads

_AVERAGES = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_MAXIMA = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


@op("avg_pool")
def avg_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
    exclude_padding_from_average: bool = False,
) -> Tensor:
    """Means of windows of [N, C, ...]; what ``ceil_mode`` adds behind never counts."""
    strides = list(strides or [1] * (x.ndim - 2))
    around = _around(x, kernel_sizes, strides, pad_type, pad)
    extra = _extra(x, kernel_sizes, strides, around) if ceil_mode else [(0, 0)] * len(around)
    seen = torch.ones(1, 1, *x.shape[2:])
    seen = padded(padded(seen, around, 0.0 if exclude_padding_from_average else 1.0), extra)
    pool, kernel = _AVERAGES[x.ndim - 2], list(kernel_sizes)
    return pool(padded(padded(x, around), extra), kernel, strides) / pool(seen, kernel, strides)


@op("max_pool")
def max_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Maxima of windows of [N, C, ...]."""
    strides = list(strides or [1] * (x.ndim - 2))
    around = _around(x, kernel_sizes, strides, pad_type, pad)
    extra = _extra(x, kernel_sizes, strides, around) if ceil_mode else [(0, 0)] * len(around)
    lowest = -float("inf")
    whole = padded(padded(x, around, lowest), extra, lowest)
    return _MAXIMA[x.ndim - 2](whole, list(kernel_sizes), strides)


@op("l2_pool")
def l2_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Roots of the sums of squares of windows of [N, C, ...]."""
    if ceil_mode:
        raise ValueError("ceil_mode is not supported")
    strides = list(strides or [1] * (x.ndim - 2))
    around = _around(x, kernel_sizes, strides, pad_type, pad)
    area = torch.tensor(list(kernel_sizes)).prod()
    return (_AVERAGES[x.ndim - 2](padded(x.square(), around), list(kernel_sizes), strides) * area).sqrt()


@op("upsample_nearest_neighbor")
def upsample_nearest(x: Tensor, scale_factor_height: float = 1, scale_factor_width: float = 1) -> Tensor:
    """The last two axes larger by repetition."""
    size = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return F.interpolate(x, size, mode="nearest")


@op("upsample_bilinear")
def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    """The last two axes larger by linear interpolation, with the grid that MIL describes."""
    if half_pixel_centers == align_corners:
        raise ValueError(f"align_corners and half_pixel_centers are both {align_corners}")
    size = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return F.interpolate(x, size, mode="bilinear", align_corners=align_corners)


def _around(
    x: Tensor, kernel: Sequence[int], strides: Sequence[int], pad_type: str, pad: Sequence[int] | None
) -> Pads:
    return pads(pad_type, pad, x.shape[2:], kernel, strides)


def _extra(x: Tensor, kernel: Sequence[int], strides: Sequence[int], around: Pads) -> Pads:
    """What must be added behind for a last window that is begun, but not one of padding alone."""
    extra = []
    for side, span, stride, (before, after) in zip(x.shape[2:], kernel, strides, around, strict=True):
        count = -(-(side + before + after - span) // stride) + 1
        if (count - 1) * stride >= side + before and before + after > 0:
            count -= 1
        extra.append((0, max(0, (count - 1) * stride + span - side - before - after)))
    return extra
