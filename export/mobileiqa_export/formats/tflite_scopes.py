"""Finds the operators of a converted file that belong to a module of the network.

The converter names an operator's result by the calls that led to it, outermost first, and a module by its
class and the last part of its name: ``Student/Backbone_local_cnn/Conv2d_conv_stem;1``. A fused operator
joins the names of its parts by semicolons: the last one to run, then convolutions and constants. Some of
those may belong to other modules that share the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from torch import nn

from ..errors import ExportError
from .job import is_inside


class Scopes:
    """The modules with these dotted names, and all modules inside them.

    An operator belongs to a module if the module computes its result or holds its weights. If code calls a
    module's method instead of the module itself, what the method computes belongs to the caller.

    Args:
        network: as it was converted.
        names: dotted, as in ``network.named_modules()``.

    Raises:
        ExportError: the network has no such module.
    """

    def __init__(self, network: nn.Module, names: Iterable[str]) -> None:
        modules = dict(network.named_modules())
        outer_names = sorted(names)
        if unknown := [name for name in outer_names if name not in modules]:
            raise ExportError(
                f"no module of the network is called {unknown[0]!r}, so it cannot stay float; there are "
                + ", ".join(name for name, _ in network.named_children())
            )
        inside = [name for name in modules if is_inside(name, outer_names)]
        holders = [name for name in inside if any(True for _ in modules[name].parameters(recurse=False))]
        called = [part for name in outer_names for part in _called(modules, name)]
        self._result = _any([_path(modules, name) + "(/.*)?" for name in called])
        self._weights = _any([_path(modules, name) for name in holders])

    def hold(self, operator: str) -> bool:
        """Returns whether the operator with a result of this name belongs to one of the modules."""
        first, *others = [part for part in operator.split(";") if part and not part.isdecimal()] or [""]
        return bool(
            self._result.fullmatch(first) or any(self._weights.fullmatch(part) for part in (first, *others))
        )


def _called(modules: dict[str, nn.Module], name: str) -> Iterator[str]:
    """Yields the module or, if it is a list, its members: a list is never called and appears in no path."""
    if type(modules[name]).forward is nn.Module.forward and name:
        for part, _ in modules[name].named_children():
            yield from _called(modules, f"{name}.{part}")
    else:
        yield name


def _path(modules: dict[str, nn.Module], name: str) -> str:
    """Returns a pattern for the path of a module; outer modules are optional, as they may not be called."""
    pattern = re.escape(_class(modules[""]))
    parts = name.split(".") if name else []
    for depth, leaf in enumerate(parts, start=1):
        module = modules[".".join(parts[:depth])]
        step = re.escape(f"/{_class(module)}_{leaf}")
        pattern += step if depth == len(parts) else f"({step})?"
    return pattern


def _class(module: nn.Module) -> str:
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or r"(?!)")
