"""One operation of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mobileiqa_sdk.errors import ContractMismatch

from .registry import Op

Value = Tensor | str | list[str]


@dataclass(frozen=True)
class Output:
    """A result as the program declares it."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        kind: its MIL name, for errors.
        op: what computes it.
        attributes: parameter -> value stored in the operation itself.
        inputs: parameter -> names of earlier results; one name, or as many as are joined.
        outputs: at least one.
        last: names that no later step reads.
    """

    kind: str
    op: Op
    attributes: Mapping[str, Value]
    inputs: Mapping[str, str | tuple[str, ...]]
    outputs: tuple[Output, ...]
    last: tuple[str, ...] = ()

    @property
    def reads(self) -> set[str]:
        """All names among its inputs."""
        return {name for names in self.inputs.values() for name in _each(names)}

    def run(self, values: Mapping[str, Value], path: Path) -> list[Tensor]:
        """Results, rounded to their declared types; ``path`` names the package in errors.

        Raises:
            ContractMismatch: it fails, or gives another shape than it declares.
        """
        arguments: dict[str, object] = dict(self.attributes)
        for parameter, names in self.inputs.items():
            arguments[parameter] = values[names] if isinstance(names, str) else [values[n] for n in names]
        what = f"{path}: {self.kind} {self.outputs[0].name!r}"
        try:
            results = self.op(arguments)
        except (RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ContractMismatch(f"{what} fails ({reason}); export the model again") from error
        shapes = [tuple(result.shape) for result in results]
        if shapes != (promised := [output.shape for output in self.outputs]):
            raise ContractMismatch(f"{what} gives {shapes}, it promises {promised}; export the model again")
        return [result.to(output.dtype) for result, output in zip(results, self.outputs, strict=True)]


def with_last_uses(steps: list[Step], kept: set[str]) -> tuple[Step, ...]:
    """The same steps, each with the names that are not needed after it; never one of ``kept``."""
    alive = set(kept)
    done = []
    for step in reversed(steps):
        names = step.reads | {output.name for output in step.outputs}
        done.append(replace(step, last=tuple(sorted(names - alive))))
        alive |= step.reads
    return tuple(reversed(done))


def _each(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
