"""Reshaping, reordering, joining and padding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Unsupported, operator
from .windows import Pads, padded


@operator("reshape", moves=True)
def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Returns x in another shape; a side of 0 is kept from x, and a side of -1 is inferred."""
    return x.reshape([x.shape[axis] if side == 0 else side for axis, side in enumerate(shape)])


@operator("transpose", moves=True)
def transpose(x: Tensor, perm: Sequence[int]) -> Tensor:
    """Returns x with its axes in another order."""
    return x.permute(list(perm))


@operator("expand_dims", moves=True)
def expand_dims(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Returns x with sides of 1 inserted, at these axes of the result."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@operator("squeeze", moves=True)
def squeeze(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Returns x without these sides of 1; by default, without any."""
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


@operator("flatten2d", moves=True)
def flatten2d(x: Tensor, axis: int = 1) -> Tensor:
    """Returns a matrix: the axes before this one flattened into rows, the others into columns."""
    before = torch.Size(x.shape[: axis if axis >= 0 else axis + x.ndim]).numel()
    return x.reshape(before, -1)


@operator("concat", moves=True)
def concat(values: Sequence[Tensor], axis: int, interleave: bool = False) -> Tensor:
    """Returns the tensors joined along an axis: one after another or, if interleaved, slice by slice."""
    if interleave:
        first = axis % values[0].ndim
        return torch.stack(list(values), first + 1).flatten(first, first + 1)
    return torch.cat(list(values), axis)


@operator("stack", moves=True)
def stack(values: Sequence[Tensor], axis: int) -> Tensor:
    """Returns the tensors joined along a new axis."""
    return torch.stack(list(values), axis)


@operator("split", moves=True)
def split(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: Sequence[int] | None = None
) -> Sequence[Tensor]:
    """Returns x in equal parts, or in parts of these sizes."""
    if split_sizes is not None:
        return torch.split(x, list(split_sizes), axis)
    if not num_splits or x.shape[axis] % num_splits:
        raise ValueError(f"a side of {x.shape[axis]} cannot be split into {num_splits} equal parts")
    return torch.split(x, x.shape[axis] // num_splits, axis)


@operator("tile", moves=True)
def tile(x: Tensor, reps: Sequence[int]) -> Tensor:
    """Returns x repeated along every axis."""
    return x.repeat(list(reps))


@operator("pad", moves=True)
def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """Returns x padded along its last axes; ``pad`` is before and after, axis by axis."""
    around: Pads = list(zip(pad[::2], pad[1::2], strict=True))
    if mode == "constant":
        return padded(x, around, constant_val)
    if mode not in ("reflect", "replicate"):
        raise Unsupported(f"mode {mode!r}")
    while around and around[0] == (0, 0):
        del around[0]
    if not 1 <= len(around) <= 3 or len(around) > x.ndim:
        raise Unsupported(f"mode {mode!r} for {len(around)} axes")
    # In these modes torch pads only what has a batch and a channel axis in front.
    inner = x.shape[x.ndim - len(around) :]
    flat = [amount for pair in reversed(around) for amount in pair]
    out = F.pad(x.reshape(1, -1, *inner), flat, mode)
    return out.reshape(*x.shape[: x.ndim - len(around)], *out.shape[2:])


@operator("reverse", moves=True)
def reverse(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Returns x reversed along these axes, by default along all."""
    return x.flip(list(range(x.ndim)) if axes is None else list(axes))


@operator("pixel_shuffle", moves=True)
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """Returns channels moved into space, as torch does."""
    return F.pixel_shuffle(x, upscale_factor)


@operator("pixel_unshuffle", moves=True)
def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """Returns space moved into channels, as torch does."""
    return F.pixel_unshuffle(x, downscale_factor)


@operator("depth_to_space", moves=True)
def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """Returns channels moved into space; the outermost channels say where in a block."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, block_size, block_size, c // block_size**2, h, w)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * block_size, w * block_size)


@operator("space_to_depth", moves=True)
def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    """Returns space moved into channels; the outermost channels say where in a block."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // block_size, block_size, w // block_size, block_size)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // block_size, w // block_size)
