"""MIL operations by name, and how one is called: half precision is computed in float32 and rounded once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])
OPS: dict[str, Op] = {}


@dataclass(frozen=True)
class Op:
    """One MIL operation.

    Attributes:
        function: takes the operation's inputs by their MIL names. Those annotated as tensors arrive
            as tensors, all others as Python values, lists for vectors.
        moves: only moves values around, so that half precision needs no detour through float32.
    """

    function: Callable[..., Any]
    moves: bool

    def accepts(self, names: Sequence[str]) -> bool:
        """Whether the function can be called with arguments of these names."""
        try:
            inspect.signature(self.function).bind(**dict.fromkeys(names))
        except TypeError:
            return False
        return True

    def __call__(self, arguments: Mapping[str, Any]) -> list[Tensor]:
        """Results before they are rounded to the types that the program declares."""
        parameters = inspect.signature(self.function).parameters
        values = {
            name: self._tensors(value) if "Tensor" in parameters[name].annotation else _plain(value)
            for name, value in arguments.items()
        }
        result = self.function(**values)
        return [result] if isinstance(result, Tensor) else list(result)

    def _tensors(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._tensors(one) for one in value]
        if not isinstance(value, Tensor):
            raise TypeError(f"a tensor is wanted, not {type(value).__name__}")
        # How a device adds up is its own affair; what it stores is a half.
        return value.float() if value.dtype == torch.float16 and not self.moves else value


def op(*names: str, moves: bool = False) -> Callable[[Function], Function]:
    """Register a function for MIL operations of these names."""

    def register(function: Function) -> Function:
        for name in names:
            OPS[name] = Op(function, moves)
        return function

    return register


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, Tensor) else value
