"""Compressed weights, and activations in 8 bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .registry import Unsupported, operator
from .weights import unpack

_RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


@operator("constexpr_affine_dequantize")
def affine_dequantize(quantized_data: Tensor, zero_point: Tensor, scale: Tensor, axis: int) -> Tensor:
    """Returns scale * (data - zero_point); both are scalars, or vectors along the axis."""
    return _scaled(quantized_data, scale, zero_point, axis)


@operator("dequantize")
def dequantize(
    input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    """Returns scale * (input - zero_point); both are scalars, or vectors along the axis."""
    return _scaled(input, scale, zero_point, axis)


@operator("quantize")
def quantize(
    input: Tensor,
    scale: Tensor,
    output_dtype: str,
    zero_point: Tensor | None = None,
    axis: int | None = None,
) -> Tensor:
    """Returns input / scale, rounded half to even, plus the zero point, limited to the output's range."""
    if output_dtype not in _RANGES:
        raise Unsupported(f"output_dtype {output_dtype!r}")
    low, high = _RANGES[output_dtype]
    quantized = torch.round(input / _along(scale, input, axis))
    if zero_point is not None:
        quantized += _along(zero_point, input, axis).float()
    return quantized.clamp(low, high)


@operator("constexpr_blockwise_shift_scale")
def blockwise_shift_scale(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    """Returns scale * (data - offset), with one scale and one offset for each block of the data."""
    shifted = data.float()
    if offset is not None:
        shifted = shifted - _spread(offset.float(), data.shape)
    return shifted * _spread(scale, data.shape)


@operator("constexpr_lut_to_dense")
def lut_to_dense(
    indices: Tensor, lut: Tensor, shape: Sequence[int] | None = None, vector_axis: int | None = None
) -> Tensor:
    """Returns weights looked up in one table by packed indices (iOS 16), or in a table per block (iOS 18)."""
    if shape is not None:
        count, bits = math.prod(shape), int(math.log2(lut.numel()))
        return lut[torch.from_numpy(unpack(indices.numpy(), bits, count)).long()].reshape(tuple(shape))
    if lut.shape[-1] != 1 or vector_axis is not None:
        raise Unsupported("tables of vectors")
    if indices.ndim + 2 != lut.ndim:
        raise ValueError(f"a table of rank {lut.ndim} does not fit indices of rank {indices.ndim}")
    *blocks, size, _ = lut.shape
    # Offsets of the tables within all of them: repeating these takes a 16th of repeating the tables.
    begins = torch.arange(math.prod(blocks)).reshape(blocks) * size
    return lut.flatten()[_spread(begins, indices.shape) + indices.long()]


@operator("constexpr_sparse_to_dense", moves=True)
def sparse_to_dense(nonzero_data: Tensor, mask: Tensor, shape: Sequence[int]) -> Tensor:
    """Returns the values where the packed mask has a bit, and zeros elsewhere."""
    count = math.prod(shape)
    if mask.numel() * 8 < count:
        raise ValueError(f"a mask of {mask.numel()} bytes for {count} weights")
    bits = np.unpackbits(mask.numpy(), bitorder="little", count=count).astype(np.bool_)
    dense = torch.zeros(count, dtype=nonzero_data.dtype)
    dense[torch.from_numpy(bits)] = nonzero_data
    return dense.reshape(tuple(shape))


@operator("constexpr_cast", moves=True)
def constexpr_cast(source_val: Tensor, output_dtype: str) -> Tensor:
    """Returns float32 for weights stored in half precision."""
    if output_dtype != "fp32":
        raise Unsupported(f"output_dtype {output_dtype!r}")
    return source_val.float()


def _scaled(data: Tensor, scale: Tensor, zero_point: Tensor | None, axis: int | None) -> Tensor:
    shifted = data.float()
    if zero_point is not None:
        shifted = shifted - _along(zero_point, data, axis).float()
    return shifted * _along(scale, data, axis)


def _along(parameter: Tensor, data: Tensor, axis: int | None) -> Tensor:
    if parameter.ndim == 0 or axis is None:
        return parameter
    shape = [1] * data.ndim
    shape[axis] = -1
    return parameter.reshape(shape)


def _spread(parameter: Tensor, shape: Sequence[int]) -> Tensor:
    if parameter.ndim != len(shape):
        raise ValueError(f"a scale of rank {parameter.ndim} for data of rank {len(shape)}")
    for axis, side in enumerate(shape):
        parameter = parameter.repeat_interleave(_block(side, parameter.shape[axis]), axis)
    return parameter


def _block(side: int, blocks: int) -> int:
    if blocks == 0 or side % blocks:
        raise ValueError(f"{blocks} blocks do not divide a side of {side}")
    return side // blocks
