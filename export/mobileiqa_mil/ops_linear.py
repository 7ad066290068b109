"""Convolutions, matrix products, attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Unsupported, operator
from .windows import padded, pads

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


@operator("conv")
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    groups: int = 1,
) -> Tensor:
    """Returns the convolution of x [N, C, ...] in one to three dimensions by weight [out, C/groups, ...]."""
    axes = x.ndim - 2
    if axes not in _CONVOLUTIONS:
        raise Unsupported(f"a convolution of an input with {x.ndim} axes")
    strides, dilations = list(strides or [1] * axes), list(dilations or [1] * axes)
    spans = [(side - 1) * step + 1 for side, step in zip(weight.shape[2:], dilations, strict=True)]
    around = pads(pad_type, pad, x.shape[2:], spans, strides)
    convolve = _CONVOLUTIONS[axes]
    if all(before == after for before, after in around):  # then torch need not copy the input
        return convolve(x, weight, bias, strides, [before for before, _ in around], dilations, groups)
    return convolve(padded(x, around), weight, bias, strides, 0, dilations, groups)


@operator("linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Returns x W^T + b."""
    return F.linear(x, weight, bias)


@operator("matmul")
def matmul(x: Tensor, y: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    """Returns the matrix product over the last two axes; the others are broadcast."""
    return (x.mT if transpose_x else x) @ (y.mT if transpose_y else y)


@operator("einsum")
def einsum(values: Sequence[Tensor], equation: str) -> Tensor:
    """Returns the Einstein sum; the equation is written as for ``numpy.einsum``."""
    return torch.einsum(equation, *values)


@operator("scaled_dot_product_attention")
def attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    """Returns softmax(q k^T / sqrt(d) + mask) v."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask)
