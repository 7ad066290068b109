"""Inference runtimes: one file each and one line here, or an entry point of another package."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from .. import plugins
from ..errors import ArtifactInvalid, RuntimeUnavailable
from .runtime import Runtime


@dataclass(frozen=True)
class RuntimeEntry:
    """Where a runtime lives, what it needs and what it opens.

    Attributes:
        module: has a class ``Session(path, threads)`` that is a :class:`Runtime`.
        requirement: what to ask pip for.
        needs: import names of which one has to be installed.
        suffix: of the artifacts.
        folder: whether an artifact is a folder instead of a file.
        platform: the only ``sys.platform`` it runs on; empty for any.
    """

    module: str
    requirement: str
    needs: tuple[str, ...]
    suffix: str
    folder: bool = False
    platform: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether what it needs can be imported here; nothing is imported to find out."""
        return any(find_spec(name) is not None for name in self.needs)


_BUILTIN = {
    "onnx": RuntimeEntry("mobileiqa_sdk.runtimes.onnx", "onnxruntime", ("onnxruntime",), ".onnx"),
    "litert": RuntimeEntry(
        "mobileiqa_sdk.runtimes.litert", "ai-edge-litert", ("ai_edge_litert", "tflite_runtime"), ".tflite"
    ),
    "coreml": RuntimeEntry(
        "mobileiqa_sdk.runtimes.coreml", "coremltools", ("coremltools",), ".mlpackage", True, "darwin"
    ),
}


@cache
def available() -> dict[str, RuntimeEntry]:
    """All runtimes by name: those of the SDK, then those that installed packages register."""
    registered = plugins.registered(plugins.RUNTIMES)
    return _BUILTIN | {name: point.load() for name, point in registered.items() if name not in _BUILTIN}


def for_verification(path: Path) -> str | None:
    """The first runtime for such artifacts that runs on this platform; None where there is none."""
    names = (
        name
        for name, entry in available().items()
        if entry.suffix == path.suffix and entry.platform in ("", sys.platform)
    )
    return next(names, None)


def load(path: Path, runtime: str | None, threads: int) -> Runtime:
    """Opens an artifact file with the named runtime, or with the one for its suffix.

    Raises:
        RuntimeUnavailable: no runtime has this name, or it is not installed.
        ArtifactInvalid: no runtime opens such files, or the file is damaged.
        ContractUnsupported, ContractMismatch: see :mod:`mobileiqa_sdk.errors`.
    """
    entries = available()
    if runtime is None:
        runtime = next((name for name, entry in entries.items() if entry.suffix == path.suffix), None)
        if runtime is None:
            suffixes = ", ".join(dict.fromkeys(entry.suffix for entry in entries.values()))
            raise ArtifactInvalid(f"{path}: not a model artifact, whose name ends in {suffixes}")
    if runtime not in entries:
        raise RuntimeUnavailable(f"unknown runtime {runtime!r}; choose from {', '.join(entries)}")
    entry = entries[runtime]
    try:
        module = import_module(entry.module)
    except ImportError as error:
        raise RuntimeUnavailable(
            f"{path}: needs {entry.requirement}, which cannot be imported ({error}); "
            f'pip install "{entry.requirement}"'
        ) from error
    session: Runtime = module.Session(path, threads)
    return session
