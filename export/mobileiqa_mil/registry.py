"""MIL operators by name, and how one is called: half precision is computed in float32 and rounded once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])
OPERATORS: dict[str, Operator] = {}


class Unsupported(ValueError):
    """An operator is called in a mode that MIL defines and this executor does not implement."""


@dataclass(frozen=True)
class Operator:
    """One MIL operator.

    Attributes:
        function: takes the operator's inputs by their MIL names. Parameters annotated as tensors receive
            tensors, all others Python values, with lists for vectors.
        moves: whether it only moves values; then half precision is not computed in float32.
    """

    function: Callable[..., Any]
    moves: bool

    def accepts(self, names: Sequence[str]) -> bool:
        """Returns whether the function can be called with arguments of these names."""
        try:
            inspect.signature(self.function).bind(**dict.fromkeys(names))
        except TypeError:
            return False
        return True

    def __call__(self, arguments: Mapping[str, Any]) -> list[Tensor]:
        """Returns the results before they are rounded to the types that the program declares.

        Raises:
            Unsupported: a mode that is not implemented.
            RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError: the arguments
                have the wrong types, or their shapes disagree.
        """
        parameters = inspect.signature(self.function).parameters
        values = {
            name: self._tensors(value) if "Tensor" in parameters[name].annotation else _plain(value)
            for name, value in arguments.items()
        }
        result = self.function(**values)
        results = [result] if isinstance(result, Tensor) else list(result)
        if not all(isinstance(one, Tensor) for one in results):
            raise TypeError("the arguments are not numbers and tensors as the operator expects")
        return results

    def _tensors(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._tensors(one) for one in value]
        if not isinstance(value, Tensor):
            raise TypeError(f"expected a tensor, not {type(value).__name__}")
        # Devices add up in different precisions, but they all store a half.
        return value.float() if value.dtype == torch.float16 and not self.moves else value


def operator(*names: str, moves: bool = False) -> Callable[[Function], Function]:
    """Registers a function as the implementation of MIL operators; see :class:`Operator` for ``moves``."""

    def register(function: Function) -> Function:
        for name in names:
            OPERATORS[name] = Operator(function, moves)
        return function

    return register


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, Tensor) else value
