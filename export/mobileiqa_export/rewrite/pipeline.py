"""Runs passes over a network, one after another, and records what each of them changed and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from torch import nn

from .costs import Cost

AS_TRAINED = "as trained"
"""Name of the first step, the network before any pass."""


@dataclass(frozen=True)
class PassResult:
    """What a pass made of a network.

    Attributes:
        network: the network to go on with; the same object where nothing changed.
        changed: whether anything was rewritten.
        reason: why not; empty if ``changed``.
    """

    network: nn.Module
    changed: bool
    reason: str = ""

    @classmethod
    def of(cls, network: nn.Module, changes: int, missing: str) -> PassResult:
        """Returns the result of a pass that made ``changes`` changes; ``missing`` is what it looked for, in
        the plural.
        """
        return cls(network, True) if changes else cls(network, False, f"the network has no {missing}")


@dataclass(frozen=True)
class Pass:
    """A named rewrite.

    Attributes:
        name: identifies it in reports and in ``without``.
        run: rewrites a network, which it may change in place.
        required: the network cannot be exported without it; never left out.
    """

    name: str
    run: Callable[[nn.Module], PassResult]
    required: bool = False


@dataclass(frozen=True)
class Step:
    """One row of an export's table of rewrites.

    Attributes:
        name: of the pass; :data:`AS_TRAINED` for the first row.
        changed: whether the pass changed the network.
        reason: why it did not, such as ``"left out"``; empty if it did, and for the first row.
        cost: of one forward pass after this step.
    """

    name: str
    changed: bool
    reason: str
    cost: Cost


@dataclass(frozen=True)
class Rewritten:
    """A network that is ready for export.

    Attributes:
        network: uint8 RGB pixels [1, H, W, 3] -> opinions in 0..1.
        steps: the network as trained, then every pass in order, those that changed nothing included.
        removable: names of the passes that changed something and may be left out by ``without``.
    """

    network: nn.Module
    steps: tuple[Step, ...]
    removable: tuple[str, ...] = field(default=())


def run_passes(
    network: nn.Module,
    passes: Iterable[Pass],
    cost: Callable[[nn.Module], Cost],
    without: frozenset[str] = frozenset(),
) -> Rewritten:
    """Applies passes in order and returns the network with a step for each of them.

    Args:
        network: a copy, which may be changed.
        passes: in the order to apply them.
        cost: counts a forward pass; asked only after a pass changed something.
        without: names of passes to leave out.

    Raises:
        ValueError: ``without`` names a pass that is required.
    """
    steps = [Step(AS_TRAINED, changed=False, reason="", cost=cost(network))]
    removable = []
    for each in passes:
        if each.name in without:
            if each.required:
                raise ValueError(f"the pass {each.name} cannot be left out")
            steps.append(Step(each.name, changed=False, reason="left out", cost=steps[-1].cost))
            continue
        result = each.run(network)
        network = result.network
        after = cost(network) if result.changed else steps[-1].cost
        steps.append(Step(each.name, result.changed, result.reason, after))
        if result.changed and not each.required:
            removable.append(each.name)
    return Rewritten(network.eval(), tuple(steps), tuple(removable))
