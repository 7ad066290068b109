"""Activation functions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .registry import Unsupported, operator


@operator("relu")
def relu(x: Tensor) -> Tensor:
    """Returns max(x, 0)."""
    return F.relu(x)


@operator("relu6")
def relu6(x: Tensor) -> Tensor:
    """Returns min(max(x, 0), 6)."""
    return F.relu6(x)


@operator("clamped_relu")
def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Returns x, or alpha * x below zero, limited to at most beta."""
    return F.leaky_relu(x, alpha).clamp(max=beta)


@operator("thresholded_relu")
def thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    """Returns x where x >= alpha, else 0."""
    return torch.where(x >= alpha, x, 0.0)


@operator("leaky_relu")
def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    """Returns x, or alpha * x below zero."""
    return F.leaky_relu(x, alpha)


@operator("prelu")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    """Returns x, or alpha * x below zero, with one alpha for each channel, [C]."""
    return F.prelu(x, alpha)


@operator("elu")
def elu(x: Tensor, alpha: float) -> Tensor:
    """Returns x, or alpha * (exp(x) - 1) below zero."""
    return F.elu(x, alpha)


@operator("linear_activation")
def linear_activation(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Returns alpha * x + beta."""
    return alpha * x + beta


@operator("sigmoid")
def sigmoid(x: Tensor) -> Tensor:
    """Returns 1 / (1 + exp(-x))."""
    return torch.sigmoid(x)


@operator("sigmoid_hard")
def sigmoid_hard(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Returns alpha * x + beta, limited to 0..1."""
    return (alpha * x + beta).clamp(0, 1)


@operator("silu")
def silu(x: Tensor) -> Tensor:
    """Returns x * sigmoid(x)."""
    return F.silu(x)


@operator("scaled_tanh")
def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Returns alpha * tanh(beta * x)."""
    return alpha * torch.tanh(beta * x)


@operator("softplus")
def softplus(x: Tensor) -> Tensor:
    """Returns log(1 + exp(x))."""
    return F.softplus(x)


@operator("softplus_parametric")
def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Returns alpha * log(1 + exp(beta * x)), with one alpha and one beta for each channel, [C]."""
    shape = (-1, *[1] * (x.ndim - 2))
    return alpha.reshape(shape) * F.softplus(beta.reshape(shape) * x)


@operator("softsign")
def softsign(x: Tensor) -> Tensor:
    """Returns x / (1 + |x|)."""
    return F.softsign(x)


@operator("softmax")
def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns exp(x) divided by its sum along the axis."""
    return F.softmax(x, axis)


@operator("gelu")
def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    """Returns x times the normal distribution function of x (arXiv 1606.08415), or an approximation of it."""
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    if mode == "TANH_APPROXIMATION":
        return x * 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if mode != "EXACT":
        raise Unsupported(f"mode {mode!r}")
    return F.gelu(x)
