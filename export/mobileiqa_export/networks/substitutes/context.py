"""What substitutes may know of the network that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import Tensor, nn


class Context:
    """A network that runs: its constants, and what it has expanded.

    Args:
        network: the one that runs.
        constant: returns the constant of a name, which a function makes when it is first asked for.
    """

    def __init__(self, network: nn.Module, constant: Callable[[str, Callable[[], Tensor]], Tensor]) -> None:
        self.constant = constant
        self._constants = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
        # Both tensors are kept, so that the ids stay theirs.
        self._expanded: dict[int, tuple[Tensor, Tensor]] = {}

    def remember_expansion(self, expanded: Tensor, original: Tensor) -> None:
        """Lets :meth:`before_expansion` answer for a tensor that was just made from another."""
        self._expanded[id(expanded)] = (expanded, original)

    def before_expansion(self, value: Any) -> Any:
        """Returns what was expanded to this tensor; any other value as it is."""
        return self._expanded[id(value)][1] if id(value) in self._expanded else value

    def computed(self, tensor: Tensor | None) -> bool:
        """Returns whether a weight or bias is computed by the network instead of being a parameter.

        Modules kept in a plain list are not among the network's own; what they hold are parameters still.
        """
        return not (tensor is None or isinstance(tensor, nn.Parameter) or id(tensor) in self._constants)


Substitute: TypeAlias = Callable[..., Tensor | tuple[Tensor, ...] | None]
"""Takes the context and the arguments of the function that it replaces; returns None if it does not apply.

It does not apply to arguments that it does not take, such as ``out``.
"""
