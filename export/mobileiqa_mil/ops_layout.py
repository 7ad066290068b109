"""The same elements in another order or shape."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import op
from .windows import Pads, padded


@op("reshape", moves=True)
def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """To another shape; 0 keeps a side, -1 stands for what is left."""
    return x.reshape([x.shape[axis] if side == 0 else side for axis, side in enumerate(shape)])


@op("transpose", moves=True)
def transpose(x: Tensor, perm: Sequence[int]) -> Tensor:
    """Axes in another order."""
    return x.permute(list(perm))


@op("expand_dims", moves=True)
def expand_dims(x: Tensor, axes: Sequence[int]) -> Tensor:
    """With sides of 1 at these axes of the result."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@op("squeeze", moves=True)
def squeeze(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Without these sides of 1, all of them by default."""
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


@op("flatten2d", moves=True)
def flatten2d(x: Tensor, axis: int = 1) -> Tensor:
    """A matrix: the axes before this one, and the others."""
    before = torch.Size(x.shape[: axis if axis >= 0 else axis + x.ndim]).numel()
    return x.reshape(before, -1)


@op("concat", moves=True)
def concat(values: Sequence[Tensor], axis: int, interleave: bool = False) -> Tensor:
    """One after another; interleaved, in turn."""
    if interleave:
        return torch.stack(list(values), axis % values[0].ndim + 1).flatten(
            axis % values[0].ndim, axis % values[0].ndim + 1
        )
    return torch.cat(list(values), axis)


@op("stack", moves=True)
def stack(values: Sequence[Tensor], axis: int) -> Tensor:
    """Along a new axis."""
    return torch.stack(list(values), axis)


@op("split", moves=True)
def split(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: Sequence[int] | None = None
) -> Sequence[Tensor]:
    """In equal parts, or in parts of these sizes."""
    if split_sizes is not None:
        return torch.split(x, list(split_sizes), axis)
    if not num_splits or x.shape[axis] % num_splits:
        raise ValueError(f"{num_splits} equal parts of {x.shape[axis]}")
    return torch.split(x, x.shape[axis] // num_splits, axis)


@op("tile", moves=True)
def tile(x: Tensor, reps: Sequence[int]) -> Tensor:
    """Repeated along every axis."""
    return x.repeat(list(reps))


@op("pad", moves=True)
def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """More elements around the last axes, before and after, axis by axis."""
    around: Pads = list(zip(pad[::2], pad[1::2], strict=True))
    if mode == "constant":
        return padded(x, around, constant_val)
    if mode not in ("reflect", "replicate"):
        raise ValueError(f"there is no mode {mode!r}")
    while around and around[0] == (0, 0):
        del around[0]
    if not 1 <= len(around) <= 3 or len(around) > x.ndim:
        raise ValueError(f"{mode} of {len(around)} axes")
    # torch wants a batch and channels before the axes that it pads so.
    inner = x.shape[x.ndim - len(around) :]
    flat = [amount for pair in reversed(around) for amount in pair]
    out = F.pad(x.reshape(1, -1, *inner), flat, mode)
    return out.reshape(*x.shape[: x.ndim - len(around)], *out.shape[2:])


@op("reverse", moves=True)
def reverse(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Backwards along these axes, all of them by default."""
    return x.flip(list(range(x.ndim)) if axes is None else list(axes))


@op("pixel_shuffle", moves=True)
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """Channels into space, as torch's."""
    return F.pixel_shuffle(x, upscale_factor)


@op("pixel_unshuffle", moves=True)
def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """Space into channels, as torch's."""
    return F.pixel_unshuffle(x, downscale_factor)


@op("depth_to_space", moves=True)
def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """Channels into space, the block's place in the outermost channels."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, block_size, block_size, c // block_size**2, h, w)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * block_size, w * block_size)


@op("space_to_depth", moves=True)
def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    """Space into channels, the block's place in the outermost channels."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // block_size, block_size, w // block_size, block_size)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // block_size, w // block_size)
