"""Turns maps into patches and back, by reshapes of at most five dimensions, which every format supports."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

PATCH = 2
"""Rows and columns of a patch."""


def whole_patches(length: int) -> int:
    """Returns the next multiple of a patch."""
    return -(-length // PATCH) * PATCH


def resized_to_patches(x: Tensor) -> Tensor:
    """Enlarges a map [B, C, H, W] to sides that are multiples of a patch, bilinearly, corners on corners."""
    size = (whole_patches(x.shape[2]), whole_patches(x.shape[3]))
    if size == tuple(x.shape[2:]):
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def unfolded(x: Tensor) -> Tensor:
    """Returns [B, C, H, W] as [B, C, 4, N]: the positions within a patch are apart, the N patches row by
    row.
    """
    batch, channels, height, width = x.shape
    rows, columns = height // PATCH, width // PATCH
    x = x.reshape(batch * channels, rows, PATCH, columns, PATCH).permute(0, 2, 4, 1, 3)
    return x.reshape(batch, channels, PATCH * PATCH, rows * columns)


def folded(x: Tensor, height: int, width: int) -> Tensor:
    """Returns what :func:`unfolded` made of a map, [B, C, 4, N], as that map, [B, C, height, width]."""
    batch, channels = x.shape[:2]
    rows, columns = height // PATCH, width // PATCH
    x = x.reshape(batch * channels, PATCH, PATCH, rows, columns).permute(0, 3, 1, 4, 2)
    return x.reshape(batch, channels, height, width)
