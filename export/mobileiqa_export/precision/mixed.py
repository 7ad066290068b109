"""Mixed precision: the most damaging layers stay float, a few more each time, until the bar holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .sensitivity import LayerDamage

STEPS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Try:
    """One way to quantize, and the artifact's scores on the verification set that it led to.

    Attributes:
        label: what was done.
        srcc: with the reference; None where undefined.
        mean_difference, max_difference: of the scores.
        clear_flips: share of the pairs further apart than 0.02 that change their order.
    """

    label: str
    srcc: float | None
    mean_difference: float
    max_difference: float
    clear_flips: float


def plans(rows: Sequence[LayerDamage]) -> Iterator[frozenset[str]]:
    """``Job.keep_float`` with the worst 1, 2, 4, 8 and 16 layers of a table that begins with the worst.

    Layers that no module holds alone cannot stay float.
    """
    rows = [row for row in rows if row.modules]
    for count in STEPS:
        if count < len(rows):
            yield frozenset(module for row in rows[:count] for module in row.modules)
