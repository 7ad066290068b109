"""Records which module of a network runs, and which functions of torch it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple

from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle


class Running(NamedTuple):
    """A module that has begun and not ended, with its dotted name; the network itself has none."""

    name: str
    module: nn.Module


class Trace(TorchFunctionMode):
    """While active, is called for everything that a network does; subclasses decide what to do with it.

    Args:
        network: whose modules are followed.

    Attributes:
        running: the modules that have begun and not ended, the innermost last. Where a run raises, it stays
            as it was then.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.running: list[Running] = []
        self._network = network
        self._hooks: list[RemovableHandle] = []

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Returns the result of a function of torch, or something else in its place."""
        return function(*args, **kwargs)

    def begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Receives a module that begins to run, and its positional arguments."""

    def end(self, module: nn.Module, output: Any) -> None:
        """Receives a module that has run, and its output."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return self.call(func, args, kwargs or {})

    def __enter__(self) -> Any:
        for name, module in self._network.named_modules():
            self._hooks.append(module.register_forward_pre_hook(partial(self._begin, name)))
            self._hooks.append(module.register_forward_hook(self._end))
        return super().__enter__()  # type: ignore[no-untyped-call]  # torch's own is not annotated

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        while self._hooks:
            self._hooks.pop().remove()

    def _begin(self, name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self.running.append(Running(name, module))
        self.begin(module, inputs)

    def _end(self, module: nn.Module, _: Any, output: Any) -> None:
        self.running.pop()
        self.end(module, output)


def module_path(node: Any) -> str:
    """Returns the dotted name of the module whose code made a node of a traced program, wrappers included."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return str(stack[-1][0]) if stack else ""


def unwrapped(path: str) -> str:
    """Returns a module's name without our wrapper, which is no part of the network for whoever wrote it."""
    return path.removeprefix("network").removeprefix(".")
