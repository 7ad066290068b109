"""Operations of two tensors, one of which was expanded to the size of the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .context import Context, Substitute

EXPANSIONS = frozenset((Tensor.expand, Tensor.expand_as, Tensor.broadcast_to, torch.broadcast_to))
"""Functions whose results need not be made, since broadcasting does the same."""


def elementwise(function: Callable[..., Tensor]) -> Substitute:
    """Returns the substitute of an operation of two tensors."""

    def substitute(context: Context, input: Any, other: Any, **kwargs: Any) -> Tensor | None:
        """Computes an operation of two tensors with the one that was expanded as it was before: it
        broadcasts.
        """
        operands = context.before_expansion(input), context.before_expansion(other)
        if (operands[0] is input and operands[1] is other) or "out" in kwargs:
            return None
        both = isinstance(input, Tensor) and isinstance(other, Tensor)
        if not both:
            return None
        result = function(*operands, **kwargs)
        return (
            result
            if result.dim() == max(input.dim(), other.dim()) and _covers(result, input, other)
            else None
        )

    return substitute


def _covers(result: Tensor, *operands: Tensor) -> bool:
    """Returns whether a result is as large along every axis as each operand."""
    return all(
        size <= result.shape[-at]
        for operand in operands
        for at, size in enumerate(reversed(operand.shape), start=1)
    )
