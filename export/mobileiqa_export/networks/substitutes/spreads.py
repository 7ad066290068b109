"""Standard deviations and variances, with the axes listed and the mean apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from .context import Context, Substitute


def over_all(function: Callable[..., Tensor]) -> Substitute:
    """Returns the substitute of ``torch.std`` or ``torch.var`` over all axes, which lists them.

    Without axes and a correction, Core ML divides by the number of elements instead of one less.
    """

    def substitute(
        context: Context,
        input: Tensor,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Tensor | None:
        """Computes the same with the axes listed; does not apply where they are listed already."""
        axes, by = _arguments(input, dim, unbiased, correction)
        listed = dim is not None and not isinstance(dim, bool)
        return None if listed or not axes else function(input, axes, correction=by, keepdim=keepdim)

    return substitute


def with_mean(function: Callable[..., Tensor]) -> Substitute:
    """Returns the substitute of ``torch.std_mean`` or ``torch.var_mean``, which Core ML lacks: both apart."""

    def substitute(
        context: Context,
        input: Tensor,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> tuple[Tensor, Tensor] | None:
        """Computes the deviation or variance, and the mean."""
        axes, by = _arguments(input, dim, unbiased, correction)
        if not axes:
            return None
        return function(input, axes, correction=by, keepdim=keepdim), input.mean(axes, keepdim=keepdim)

    return substitute


def _arguments(
    input: Tensor, dim: Any, unbiased: bool, correction: float | None
) -> tuple[tuple[int, ...], Any]:
    """Returns the axes, and by how much less than their elements is divided; ``dim`` may be ``unbiased``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    by = correction if correction is not None else int(unbiased)
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(input.dim())), by
    return (tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)), by
