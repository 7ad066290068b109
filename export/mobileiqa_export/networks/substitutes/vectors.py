"""Lengths of vectors and angles between them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .context import Context


def cosine_similarity(
    context: Context, x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8
) -> Tensor | None:
    """Returns a product of vectors over their lengths, each taken to be at least ``eps``."""
    lengths = [(x * x).sum(dim, keepdim=True).sqrt().clamp(min=eps) for x in (x1, x2)]
    return (x1 / lengths[0] * (x2 / lengths[1])).sum(dim)


def normalized(
    context: Context, input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None
) -> Tensor | None:
    """Returns vectors over their lengths, which broadcast; PyTorch's own code expands them to the whole map.

    litert-torch lays out an expanded operand differently from the other one.
    """
    if out is not None:
        return None
    length: Tensor = input.norm(p, dim, keepdim=True)
    return input / length.clamp_min(eps)
