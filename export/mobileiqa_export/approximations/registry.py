"""The one table of approximations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from ..options import Approximate
from ..rewrite import PassResult
from .sampled_lda import sample_lda


@dataclass(frozen=True)
class Approximation:
    """A way to compute less and score almost the same.

    Attributes:
        name: as in ``--approximate``.
        levels: the coarsest, which is the fastest, first.
        run: approximates a network at a level; it may change the network in place.
        note: in words, for the contract, with ``{level}`` in it.
    """

    name: Approximate
    levels: Sequence[int]
    run: Callable[[nn.Module, int], PassResult]
    note: str


APPROXIMATIONS: dict[Approximate, Approximation] = {
    each.name: each
    for each in (
        Approximation(
            "samples",
            (2, 3, 4, 6, 8, 12),
            sample_lda,
            "local features from samples, at least {level} x {level} in each cell of the grid",
        ),
    )
}
