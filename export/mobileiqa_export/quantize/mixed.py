"""Mixed precision: the most damaging layers are spared, twice as many each time, until the bar holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .sensitivity import LayerDamage


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
    """The modules of the worst 1, 2, 4, ... layers of a table that begins with the worst, at last of all.

    Layers that share their modules count as one; one that no module holds alone cannot be spared.
    """
    layers = [modules for modules in dict.fromkeys(row.modules for row in rows) if modules]
    count = 1
    while layers:
        yield frozenset(module for modules in layers[:count] for module in modules)
        if count >= len(layers):
            return
        count *= 2


def enclosing(spared: frozenset[str], rows: Sequence[LayerDamage]) -> frozenset[str]:
    """These modules and all in which no layer is left, so that what has no weights there is spared too.

    Sums, pools and softmax are quantized as well where activations are, and between layers that are not
    they would only round. The network as a whole is none of them.
    """
    left: set[str] = set()
    held: set[str] = set()
    for row in rows:
        around = {outer for module in row.modules for outer in _outwards(module)}
        (held if spared.issuperset(row.modules) else left).update(around)
    return spared | (held - left)


def _outwards(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]
