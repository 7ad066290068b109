"""onnxruntime without its telemetry; the only module of this project that imports it.

From version 1.29 on, importing onnxruntime writes a device id and a queue of events to the user's cache and
temporary folders, to be sent to Microsoft. Scoring is offline, so telemetry is switched off before the
import. An application's own choice is respected: if it has set the variable or imported onnxruntime first,
nothing is changed.

Import it as ``from mobileiqa_sdk._onnxruntime import onnxruntime``.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

SWITCH: Final = "ORT_DISABLE_TELEMETRY"

if "onnxruntime" in sys.modules:
    _telemetry = "the application's choice: it imported onnxruntime first"
elif SWITCH in os.environ:
    _telemetry = f"the application's choice: {SWITCH}={os.environ[SWITCH]}"
else:
    _telemetry = "off"
    os.environ[SWITCH] = "1"

import onnxruntime  # noqa: E402 - the variable is read while it is imported

__all__ = ["SWITCH", "onnxruntime", "submodule", "telemetry"]


def submodule(name: str) -> Any:
    """Returns the module ``onnxruntime.<name>``, for example ``quantization``."""
    return import_module(f"onnxruntime.{name}")


def telemetry() -> str:
    """Returns ``off`` if this SDK switched it off, else whose choice holds, in words."""
    return _telemetry
