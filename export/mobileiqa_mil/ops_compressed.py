"""Weights that are stored small, and activations in 8 bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .registry import op
from .weights import unpack

_RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


@op("constexpr_affine_dequantize")
def affine_dequantize(quantized_data: Tensor, zero_point: Tensor, scale: Tensor, axis: int) -> Tensor:
    """The weights scale * (data - zero point), both scalars or one each along the axis."""
    return _scaled(quantized_data, scale, zero_point, axis)


@op("dequantize")
def dequantize(
    input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    """The same for activations."""
    return _scaled(input, scale, zero_point, axis)


@op("quantize")
def quantize(
    input: Tensor,
    scale: Tensor,
    output_dtype: str,
    zero_point: Tensor | None = None,
    axis: int | None = None,
) -> Tensor:
    """clip(round(x / scale) + zero point), halves to even."""
    low, high = _RANGES[output_dtype]
    quantized = torch.round(input / _along(scale, input, axis))
    if zero_point is not None:
        quantized += _along(zero_point, input, axis).float()
    return quantized.clamp(low, high)


@op("constexpr_blockwise_shift_scale")
def blockwise_shift_scale(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    """The weights scale * (data - offset), each of which stands for a block of the data along every axis."""
    shifted = data.float()
    if offset is not None:
        shifted = shifted - _spread(offset.float(), data.shape)
    return shifted * _spread(scale, data.shape)


@op("constexpr_lut_to_dense")
def lut_to_dense(
    indices: Tensor, lut: Tensor, shape: Sequence[int] | None = None, vector_axis: int | None = None
) -> Tensor:
    """Look weights up: one table and packed indices (iOS 16), or one table a block (iOS 18)."""
    if shape is not None:
        count, bits = math.prod(shape), int(math.log2(lut.numel()))
        return lut[torch.from_numpy(unpack(indices.numpy(), bits, count)).long()].reshape(tuple(shape))
    if lut.shape[-1] != 1 or vector_axis is not None:
        raise ValueError("tables of vectors are not supported")
    if indices.ndim + 2 != lut.ndim:
        raise ValueError(f"a table of rank {lut.ndim} does not fit indices of rank {indices.ndim}")
    *blocks, size, _ = lut.shape
    # Where in all tables the one of each weight begins: to spread these takes a 16th of spreading tables.
    begins = torch.arange(math.prod(blocks)).reshape(blocks) * size
    return lut.flatten()[_spread(begins, indices.shape) + indices.long()]


@op("constexpr_sparse_to_dense", moves=True)
def sparse_to_dense(nonzero_data: Tensor, mask: Tensor, shape: Sequence[int]) -> Tensor:
    """Values where the packed mask has a bit, zeros elsewhere."""
    count = math.prod(shape)
    bits = np.unpackbits(mask.numpy(), bitorder="little", count=count).astype(np.bool_)
    dense = torch.zeros(count, dtype=nonzero_data.dtype)
    dense[torch.from_numpy(bits)] = nonzero_data
    return dense.reshape(tuple(shape))


@op("constexpr_cast", moves=True)
def constexpr_cast(source_val: Tensor, output_dtype: str) -> Tensor:
    """Halves that are stored for floats."""
    if output_dtype != "fp32":
        raise ValueError(f"casts to fp32, not to {output_dtype}")
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
