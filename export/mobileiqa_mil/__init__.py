"""Core ML packages executed without a Mac: the stored program, operation by operation, on the CPU.

Importing this loads neither torch nor coremltools, because the SDK imports it whenever it lists runtimes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mobileiqa_sdk.runtimes import RuntimeEntry

from .errors import OperatorUnknown

if TYPE_CHECKING:
    from .session import CoreMLProgram

__all__ = ["ENTRY", "CoreMLProgram", "OperatorUnknown"]

ENTRY = RuntimeEntry(
    "mobileiqa_mil.session", "mobileiqa-sdk[export,coreml]", ("coremltools",), ".mlpackage", folder=True
)
"""The runtime ``coreml-reference``. It is slow, and its last bits are not those of a device."""


def __getattr__(name: str) -> Any:
    if name != "CoreMLProgram":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(".session", __name__).CoreMLProgram


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
