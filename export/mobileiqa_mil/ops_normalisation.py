"""Normalisations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import operator


@operator("batch_norm")
def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Returns x normalised by the given statistics, [C] each."""
    return F.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)


@operator("instance_norm")
def instance_norm(
    x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5
) -> Tensor:
    """Returns x with each channel of each image normalised by its own mean and variance."""
    return F.instance_norm(x, weight=gamma, bias=beta, eps=epsilon)


@operator("layer_norm")
def layer_norm(
    x: Tensor,
    axes: Sequence[int] | None = None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Returns x normalised by mean and variance over the axes, by default over all."""
    over = [axis % x.ndim for axis in (range(x.ndim) if axes is None else axes)]
    shape = [side if axis in over else 1 for axis, side in enumerate(x.shape)]
    centred = x - x.mean(over, keepdim=True)
    out = centred / torch.sqrt(centred.square().mean(over, keepdim=True) + epsilon)
    if gamma is not None:
        out = out * gamma.reshape(shape)
    return out if beta is None else out + beta.reshape(shape)


@operator("l2_norm")
def l2_norm(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    """Returns x divided by its L2 norm over the last three axes."""
    return x / torch.sqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)


@operator("local_response_norm")
def local_response_norm(
    x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Returns x divided by a power of the mean square of neighbouring channels."""
    return F.local_response_norm(x, size, alpha, beta, k)
