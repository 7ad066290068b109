"""Reciprocal square roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .mode import Substitutes


def reciprocal_root(mode: Substitutes, input: Tensor) -> Tensor | None:
    """Returns one over the root; Core ML's own operator adds 1e-12 first, which matters beside a variance of
    0.
    """
    return torch.ones_like(input) / input.sqrt()
