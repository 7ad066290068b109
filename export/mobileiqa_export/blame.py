"""Finds the module and the operator that a network fails in."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import resolve_name

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._text import first_line

from ._vendor import DECOMPOSITIONS
from .rewrite.modules import sharing_weights
from .tracing import Trace, module_path, unwrapped

# PyTorch's operators, their decompositions, and the dialects that litert-torch converts through.
_OPERATORS = re.compile(
    r"(?:aten|(?P<prims>prims))(?:::|\.)_?(?P<torch>[a-z]\w*)"
    r"|'(?:tfl|stablehlo|mhlo)\.(?P<other>\w+)' (?:op|that was)"
)
_SMALLEST = "prims."
"""What operators are decomposed into at last; some have the name of an operator that is made of them."""

# Lines of a traceback in these places are not the user's.
_NOT_OF_USER = ("<frozen", sysconfig.get_path("stdlib"), str(Path(__file__).parent))


class Trail(Trace):
    """Records where in a network the code is running, or where it raised.

    Attributes:
        operator: the function of torch that raised, where one did.
    """

    operator = ""

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Notes the function if it raises."""
        try:
            return function(*args, **kwargs)
        except Exception:
            self.operator = resolve_name(function) or getattr(function, "__name__", "")
            raise

    def __str__(self) -> str:
        where = place(*self.running[-1]) if self.running else "the network itself"
        return f"{self.operator} in {where}" if self.operator else where


def operator_of(network: nn.Module, example: Tensor, error: BaseException) -> str | None:
    """Returns the operator that a converter's error names, and the modules that use it.

    None if no error in the chain names an operator: then the network is not to blame.
    """
    names = _named(error)
    if not names:
        return None
    modules = dict(network.named_modules())
    for nodes in _programs(network, example):
        for operator, smallest in names:
            steps = [node for node in nodes if _base(node.target) == operator]
            if smallest:
                steps = [node for node in steps if str(node.target).startswith(_SMALLEST)]
            used = {(_written(node), module_path(node)) for node in steps}
            # Where others are made of one that is used by itself too, it is one of the others that fails.
            for written in sorted(
                {written for written, _ in used}, key=lambda name: (name == operator, name)
            ):
                if inside := sorted(name for other, name in used if other == written and name in modules):
                    return f"{written} in {', '.join(place(name, modules[name]) for name in inside)}"
    return names[0][0]


def _programs(network: nn.Module, example: Tensor) -> list[list[Any]]:
    """Returns the nodes of the network as it is written and in core operators, then in the smallest steps.

    Fewer where PyTorch fails; then the converter failed for the same reason.
    """
    programs: list[list[Any]] = []
    with suppress(Exception), quiet(), torch.inference_mode():
        whole = torch.export.export(sharing_weights(network), (example,))
        programs.append([*whole.graph.nodes, *whole.run_decompositions().graph.nodes])
        programs.append(list(whole.run_decompositions(DECOMPOSITIONS.load()).graph.nodes))
    return programs


def _written(node: Any) -> str:
    """Returns the operator of the network's code that a node is a step of."""
    return _base(node.meta.get("original_aten") or node.target)


def cause(error: BaseException) -> str:
    """Returns class and first line of the error that this error began with, as one printable line."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return f"{type(error).__name__}: {first_line(error)}"


def described(error: BaseException) -> str:
    """Returns class and first line of an error, and where in whose code it happened."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _of_user(frame.filename)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    line, name = first_line(error), type(error).__name__
    return f"{name}{where}" if line == name else f"{name}: {line}{where}"


def _of_user(filename: str) -> bool:
    return "site-packages" not in filename and not filename.startswith(_NOT_OF_USER)


def _named(error: BaseException | None) -> list[tuple[str, bool]]:
    """Returns the operators in the messages of an error and its causes; true beside a smallest step."""
    operators: list[tuple[str, bool]] = []
    while error is not None:
        for match in _OPERATORS.finditer(str(error)):
            operators.append((match["torch"] or match["other"], bool(match["prims"])))
        error = error.__cause__ or error.__context__
    return list(dict.fromkeys(operators))


def _base(target: Any) -> str:
    """Returns ``linalg_svd`` for ``aten._linalg_svd.default``."""
    parts = str(target).split(".")
    return parts[1].removeprefix("_") if len(parts) > 1 else ""


def place(name: str, module: nn.Module) -> str:
    """Returns a module's name without our wrapper, and its class."""
    inside = unwrapped(name)
    return f"{inside} ({type(module).__name__})" if inside else "the network itself"
