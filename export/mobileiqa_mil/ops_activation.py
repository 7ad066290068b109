"""Activations, as MIL defines them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import op


@op("relu")
def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""
    return F.relu(x)


@op("relu6")
def relu6(x: Tensor) -> Tensor:
    """Between 0 and 6."""
    return F.relu6(x)


@op("clamped_relu")
def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Leaky below zero, at most beta."""
    return F.leaky_relu(x, alpha).clamp(max=beta)


@op("thresholded_relu")
def thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    """0 below alpha, x from there on."""
    return torch.where(x >= alpha, x, 0.0)


@op("leaky_relu")
def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    """x, below zero alpha * x."""
    return F.leaky_relu(x, alpha)


@op("prelu")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    """The same with an alpha for each channel, [C]."""
    return F.prelu(x, alpha)


@op("elu")
def elu(x: Tensor, alpha: float) -> Tensor:
    """x, below zero alpha * (exp(x) - 1)."""
    return F.elu(x, alpha)


@op("linear_activation")
def linear_activation(x: Tensor, alpha: float, beta: float) -> Tensor:
    """A line: alpha * x + beta."""
    return alpha * x + beta


@op("sigmoid")
def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(x)


@op("sigmoid_hard")
def sigmoid_hard(x: Tensor, alpha: float, beta: float) -> Tensor:
    """A line, alpha * x + beta, between 0 and 1."""
    return (alpha * x + beta).clamp(0, 1)


@op("silu")
def silu(x: Tensor) -> Tensor:
    """Also swish: x * sigmoid(x)."""
    return F.silu(x)


@op("scaled_tanh")
def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    """A tanh: alpha * tanh(beta * x)."""
    return alpha * torch.tanh(beta * x)


@op("softplus")
def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x))."""
    return F.softplus(x)


@op("softplus_parametric")
def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Its kin alpha * log(1 + exp(beta * x)), an alpha and a beta for each channel, [C]."""
    shape = (-1, *[1] * (x.ndim - 2))
    return alpha.reshape(shape) * F.softplus(beta.reshape(shape) * x)


@op("softsign")
def softsign(x: Tensor) -> Tensor:
    """A sigmoid without exp: x / (1 + |x|)."""
    return F.softsign(x)


@op("softmax")
def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """exp(x), divided by its sum along the axis."""
    return F.softmax(x, axis)


@op("gelu")
def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    """Input times the normal distribution (arXiv 1606.08415), or one of its two approximations."""
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    if mode == "TANH_APPROXIMATION":
        return x * 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if mode != "EXACT":
        raise ValueError(f"there is no mode {mode!r}")
    return F.gelu(x)
