"""Core ML packages executed without a Mac: the stored program, operation by operation, on the CPU.

Importing this loads neither torch nor coremltools: the SDK does so whenever it lists runtimes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mobileiqa_sdk.runtimes import RuntimeEntry

if TYPE_CHECKING:
    from .session import CoreMLProgram

__all__ = ["ENTRY", "CoreMLProgram"]

ENTRY = RuntimeEntry(
    "mobileiqa_mil.session", "mobileiqa-sdk[export,coreml]", ("coremltools",), ".mlpackage", folder=True
)
"""The runtime ``coreml-reference``: slow, and not what a device computes to the last bit."""


def __getattr__(name: str) -> Any:
    if name != "CoreMLProgram":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(".session", __name__).CoreMLProgram
