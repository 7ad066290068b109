"""Finds the module and the operator that a network fails in."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import resolve_name

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._text import first_line

from .rewrite.modules import sharing_weights
from .tracing import Trace, module_path, unwrapped

# PyTorch's operators, their decompositions, and the dialects that litert-torch converts through.
_OPERATORS = re.compile(
    r"(?:aten|prims)(?:::|\.)_?([a-z]\w*)|'(?:tfl|stablehlo|mhlo)\.(\w+)' (?:op|that was)"
)


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
        where = _place(*self.running[-1]) if self.running else "the network itself"
        return f"{self.operator} in {where}" if self.operator else where


def operator_of(network: nn.Module, example: Tensor, error: BaseException) -> str | None:
    """Returns the operator that a converter's error names, and the modules that use it.

    None if no error in the chain names an operator: then the network is not to blame.
    """
    names = _named(error)
    if not names:
        return None
    try:
        with quiet(), torch.inference_mode():
            whole = torch.export.export(sharing_weights(network), (example,))
            programs = [whole, whole.run_decompositions()]
    except Exception:  # then the converter failed for the same reason
        return names[0]
    modules = dict(network.named_modules())
    for operator in names:
        nodes = [node for program in programs for node in program.graph.nodes]
        places = {module_path(node) for node in nodes if _base(node.target) == operator}
        if inside := sorted(name for name in places if name in modules):
            return f"{operator} in {', '.join(_place(name, modules[name]) for name in inside)}"
    return names[0]


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


def _named(error: BaseException | None) -> list[str]:
    """Returns the operators in the messages of an error and of what caused it."""
    operators: list[str] = []
    while error is not None:
        operators += [torch_name or other for torch_name, other in _OPERATORS.findall(str(error))]
        error = error.__cause__ or error.__context__
    return list(dict.fromkeys(operators))


def _base(target: Any) -> str:
    """Returns ``linalg_svd`` for ``aten._linalg_svd.default``."""
    parts = str(target).split(".")
    return parts[1].removeprefix("_") if len(parts) > 1 else ""


def _place(name: str, module: nn.Module) -> str:
    inside = unwrapped(name)
    return f"{inside} ({type(module).__name__})" if inside else "the network itself"
