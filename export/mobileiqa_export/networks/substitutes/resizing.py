"""Resizing of maps by a size, or by a matrix for each axis, as separable interpolation allows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .context import Context

SEPARABLE = ("bilinear", "bicubic", "nearest", "nearest-exact")
_SAME = 1e-9


class Resize(NamedTuple):
    """How one axis is resized.

    Attributes:
        size: of the result.
        scale: of the coordinates where that is not ``size`` over the length; else None.
        mode, align_corners, antialias: as :func:`torch.nn.functional.interpolate` takes them.
    """

    size: int
    scale: float | None
    mode: str
    align_corners: bool | None
    antialias: bool

    def exports(self, length: int) -> bool:
        """Returns whether every converter resizes an axis of this length correctly."""
        if self.scale is not None or self.antialias or self.mode in ("bicubic", "nearest-exact"):
            return False
        return self.mode != "nearest" or self.size % length == 0


def axes_of(
    lengths: tuple[int, ...],
    size: Any,
    scale_factor: Any,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool,
) -> list[Resize]:
    """Returns how each axis is resized, from the arguments of :func:`torch.nn.functional.interpolate`."""
    if size is not None:
        sizes = [size] * len(lengths) if isinstance(size, int) else [int(side) for side in size]
        scales: list[float | None] = [None] * len(lengths)
    else:
        numbers = isinstance(scale_factor, (int, float))
        factors = [scale_factor] * len(lengths) if numbers else list(scale_factor)
        sizes = [math.floor(length * factor) for length, factor in zip(lengths, factors, strict=True)]
        scales = [
            None
            if recompute_scale_factor or align_corners or abs(length * factor - side) <= _SAME * side
            else factor
            for length, factor, side in zip(lengths, factors, sizes, strict=True)
        ]
    return [Resize(*pair, mode, align_corners, antialias) for pair in zip(sizes, scales, strict=True)]


def resize_matrix(length: int, axis: Resize) -> Tensor:
    """Returns the float64 matrix [length, size] by which a row of this length is resized.

    It is what PyTorch makes of the rows of the identity. They are resized along the last axis, since along
    the axis before it PyTorch's antialiasing of maps of width 1 is wrong.
    """
    rows = torch.eye(length, dtype=torch.float64)[None, None]
    if axis.scale is None:
        out = F.interpolate(
            rows, (length, axis.size), None, axis.mode, axis.align_corners, antialias=axis.antialias
        )
    else:
        out = F.interpolate(
            rows,
            None,
            (1.0, axis.scale),
            axis.mode,
            axis.align_corners,
            recompute_scale_factor=False,
            antialias=axis.antialias,
        )
    return out[0, 0]


def resized(
    context: Context,
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor | None:
    """Resizes maps [B, C, H, W] by their size or by two fixed matrices, where converters are wrong or lack
    the mode.

    Converters compute sizes from scale factors in single precision, in which 224 * (225 / 224) is 224.
    """
    if input.dim() != 4:
        return None
    sides = tuple(input.shape[2:])
    axes = axes_of(sides, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    if all(axis.exports(length) for axis, length in zip(axes, sides, strict=True)):
        if scale_factor is None or mode not in ("bilinear", "nearest"):
            return None
        return F.interpolate(input, tuple(axis.size for axis in axes), None, mode, align_corners)
    if mode not in SEPARABLE:
        return None
    rows, columns = (_resizing(context, length, axis) for length, axis in zip(sides, axes, strict=True))
    return rows.T @ input @ columns


def _resizing(context: Context, length: int, axis: Resize) -> Tensor:
    """Returns the resizing of one axis as a constant [length, size]."""
    name = f"resize_{length}_{axis}".replace(".", "_").replace("-", "_")
    return context.constant(name, lambda: resize_matrix(length, axis))
