"""One operation of a program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.errors import ContractMismatch

from .errors import OperatorUnknown
from .registry import Operator, Unsupported
from .values import FREE

Value = Tensor | str | list[str]


@dataclass(frozen=True)
class Output:
    """A result with its declared name and type; a side of the shape may be :data:`.values.FREE`."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]

    @property
    def elements(self) -> float:
        """How many elements it has; infinity if a side is free."""
        return math.inf if FREE in self.shape else math.prod(self.shape)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Returns whether a tensor of this shape matches the declaration."""
        return len(shape) == len(self.shape) and all(
            declared in (FREE, actual) for declared, actual in zip(self.shape, shape, strict=True)
        )


@dataclass(frozen=True)
class Operation:
    """One operation, ready to run.

    Attributes:
        kind: name of its MIL operator, for errors.
        operator: computes it.
        attributes: parameter -> value stored in the operation itself.
        inputs: parameter -> the earlier result that it reads, or a tuple of the results that it joins.
        outputs: at least one.
        location: where in the source network it comes from, if the package says so; else empty.
        last: names that no later operation reads.
    """

    kind: str
    operator: Operator
    attributes: Mapping[str, Value]
    inputs: Mapping[str, str | tuple[str, ...]]
    outputs: tuple[Output, ...]
    location: str = ""
    last: tuple[str, ...] = ()

    @property
    def reads(self) -> set[str]:
        """Names of all results that it reads."""
        return {name for names in self.inputs.values() for name in _each(names)}

    def run(self, values: Mapping[str, Value], path: Path) -> list[Tensor]:
        """Returns the results, rounded to their declared types.

        Args:
            values: earlier results by name, at least those in :attr:`reads`.
            path: of the package, for errors.

        Raises:
            OperatorUnknown: a mode of the operator that this executor does not implement.
            ContractMismatch: it fails, or its results have other shapes than it declares.
        """
        arguments: dict[str, object] = dict(self.attributes)
        for parameter, names in self.inputs.items():
            arguments[parameter] = values[names] if isinstance(names, str) else [values[n] for n in names]
        subject = f"{path}: {described(self.kind, self.outputs[0].name, self.location)}"
        try:
            results = self.operator(arguments)
        except Unsupported as error:
            raise OperatorUnknown(
                f"{subject} is not supported by the built-in executor: {error}; run the model on a Mac"
            ) from error
        # The arguments come from the package, and torch raises all of these for arguments of wrong types.
        except (
            RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
        ) as error:  # fmt: skip
            given = ", ".join(f"{name} {_shape(value)}" for name, value in arguments.items())
            raise ContractMismatch(
                f"{subject} fails on {given or 'no inputs'} ({first_line(error)}); export the model again"
            ) from error
        shapes = [tuple(result.shape) for result in results]
        if len(shapes) != len(self.outputs) or not all(map(Output.takes, self.outputs, shapes)):
            promised = [output.shape for output in self.outputs]
            raise ContractMismatch(
                f"{subject} returns shapes {shapes} but declares {promised}; export the model again"
            )
        return [result.to(output.dtype) for result, output in zip(results, self.outputs, strict=True)]


def described(kind: str, output: str, location: str = "") -> str:
    """Returns how errors name an operation: its operator, its first output, and where it comes from."""
    where = f", from {location!r}" if location and location != output else ""
    return f"operation {kind!r} (output {output!r}{where})"


def with_last_uses(operations: list[Operation], kept: set[str]) -> tuple[Operation, ...]:
    """Returns the same operations, each with the names not needed after it, except those in ``kept``."""
    alive = set(kept)
    reversed_result = []
    for operation in reversed(operations):
        names = operation.reads | {output.name for output in operation.outputs}
        reversed_result.append(replace(operation, last=tuple(sorted(names - alive))))
        alive |= operation.reads
    return tuple(reversed(reversed_result))


def _each(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _shape(value: object) -> str:
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, list):
        return f"({', '.join(map(_shape, value))})"
    return repr(value)
