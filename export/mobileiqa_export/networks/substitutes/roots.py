"""Reciprocal square roots."""

from __future__ import annotations

import torch
from torch import Tensor

from .context import Context


def reciprocal_root(context: Context, input: Tensor) -> Tensor | None:
    """Returns one over the root; Core ML's own operator adds 1e-12 first, which matters beside a variance of
    0.
    """
    return torch.ones_like(input) / input.sqrt()
