"""The mode in which substitutes are called in place of functions of torch.

PyTorch's function mode sees every call, made by a module or by plain code, and also when a network is
traced for export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .broadcasting import EXPANSIONS
from .table import NAMES, SUBSTITUTES

Substitute = Callable[..., Tensor | None]
"""Takes the mode and the arguments of the function that it replaces; returns None if it does not apply."""


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
        self._names = NAMES if names is None else names
        self.constant, self._replaced = constant, replaced
        # Both tensors are kept, so that the ids stay theirs.
        self._expanded: dict[int, tuple[Tensor, Tensor]] = {}
        self._constants = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in EXPANSIONS:
            expanded: Tensor = func(*args, **kwargs)
            self._expanded[id(expanded)] = (expanded, args[0])
            return expanded
        substitute = SUBSTITUTES.get(func) if getattr(func, "__name__", "") in self._names else None
        made = substitute(self, *args, **_renamed(kwargs)) if substitute else None
        if made is None:
            return func(*args, **kwargs)
        self._replaced.add(func.__name__)
        return made

    def before_expansion(self, value: Any) -> Any:
        """Returns what was expanded to this tensor; any other value as it is."""
        return self._expanded[id(value)][1] if id(value) in self._expanded else value

    def computed(self, tensor: Tensor | None) -> bool:
        """Returns whether a weight or bias is computed by the network instead of being a parameter.

        Modules kept in a plain list are not among the network's own; what they hold are parameters still.
        """
        return not (tensor is None or isinstance(tensor, nn.Parameter) or id(tensor) in self._constants)


def _renamed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns keyword arguments for a substitute, whose own first argument is called ``mode``."""
    return {"mode_" if key == "mode" else key: value for key, value in kwargs.items()}
