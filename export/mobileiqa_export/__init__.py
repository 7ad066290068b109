"""From a trained student checkpoint to a verified artifact. Needs the ``export`` extra (torch, onnx).

The names below are the public API; everything else may change without notice::

    from mobileiqa_export import Options, export

    report = export("student.safetensors", "my-artifact", precision="int8", options=Options(timing=False))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        ApproximationFailed,
        CheckpointError,
        ConversionFailed,
        ExportError,
        ExportMismatch,
        InternalError,
        NetworkUnfit,
        UnsupportedVersion,
    )
    from .exporter import Outcome, export, export_matrix
    from .networks import NetworkSource
    from .options import Options
    from .precisions import PRECISIONS, Precision
    from .report import Report
    from .subject import StudentSource

__all__ = [
    "PRECISIONS",
    "ApproximationFailed",
    "CheckpointError",
    "ConversionFailed",
    "ExportError",
    "ExportMismatch",
    "InternalError",
    "NetworkSource",
    "NetworkUnfit",
    "Options",
    "Outcome",
    "Precision",
    "Report",
    "StudentSource",
    "UnsupportedVersion",
    "export",
    "export_matrix",
]

_MODULES = {
    "exporter": ("Outcome", "export", "export_matrix"),
    "networks": ("NetworkSource",),
    "options": ("Options",),
    "precisions": ("PRECISIONS", "Precision"),
    "report": ("Report",),
    "subject": ("StudentSource",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: the package's errors and precisions are wanted without torch.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF.get(name, 'errors')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
