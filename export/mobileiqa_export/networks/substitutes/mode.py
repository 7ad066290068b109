"""The mode in which substitutes are called in place of functions of torch.

PyTorch's function mode sees every call, made by a module or by plain code, and also when a network is
traced for export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import Signature, signature
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .broadcasting import EXPANSIONS
from .context import Context, Substitute
from .table import NAMES, SUBSTITUTES

_NAMES_OF_NUMPY = {
    "axis": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}
"""Names that torch accepts for arguments because numpy has them, with torch's own."""


class Substitutes(TorchFunctionMode):
    """While active, replaces calls that a substitute in :data:`.table.SUBSTITUTES` accepts.

    Args:
        network: the one that runs.
        constant: returns the constant of a name, which a function makes when it is first asked for.
        replaced: receives the names of the functions that were replaced.
        names: of the functions to replace; all by default.
    """

    def __init__(
        self,
        network: nn.Module,
        constant: Callable[[str, Callable[[], Tensor]], Tensor],
        replaced: set[str],
        names: frozenset[str] | None = None,
    ) -> None:
        super().__init__()
        self._context = Context(network, constant)
        self._names = NAMES if names is None else names
        self._replaced = replaced

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in EXPANSIONS:
            expanded: Tensor = func(*args, **kwargs)
            self._context.remember_expansion(expanded, args[0])
            return expanded
        substitute = SUBSTITUTES.get(func) if getattr(func, "__name__", "") in self._names else None
        made = self._made(substitute, args, _renamed(kwargs)) if substitute else None
        if made is None:
            return func(*args, **kwargs)
        self._replaced.add(func.__name__)
        return made

    def _made(self, substitute: Substitute, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            _signature(substitute).bind(self._context, *args, **kwargs)
        except TypeError:
            return None
        return substitute(self._context, *args, **kwargs)


@cache
def _signature(substitute: Substitute) -> Signature:
    return signature(substitute)


def _renamed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns keyword arguments by torch's names."""
    return {_NAMES_OF_NUMPY.get(key, key): value for key, value in kwargs.items()}
