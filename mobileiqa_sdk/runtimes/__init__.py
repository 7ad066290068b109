"""Inference runtimes: one file each and one line here, or an entry point of another package."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from .. import plugins
from .._heap import LARGE, trim_heap
from .._log import log
from .._text import first_line, one_line
from ..contract import METADATA_KEY, ModelContract
from ..errors import ArtifactInvalid, RuntimeUnavailable
from .runtime import Prediction, Runtime

__all__ = [
    "Prediction",
    "Runtime",
    "RuntimeEntry",
    "available",
    "for_suffix",
    "for_verification",
    "load",
    "named",
    "read_contract",
]


@dataclass(frozen=True)
class RuntimeEntry:
    """Where a runtime lives, what it needs and what it opens.

    Attributes:
        module: has a class ``Session(path, threads)`` that is a :class:`Runtime`.
        requirement: what to ask pip for.
        needs: import names; one of these packages has to be installed.
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


BUILTIN: Final = {
    "onnx": RuntimeEntry("mobileiqa_sdk.runtimes.onnx", "onnxruntime", ("onnxruntime",), ".onnx"),
    "litert": RuntimeEntry(
        "mobileiqa_sdk.runtimes.litert", "ai-edge-litert", ("ai_edge_litert", "tflite_runtime"), ".tflite"
    ),
    "coreml": RuntimeEntry(
        "mobileiqa_sdk.runtimes.coreml", "coremltools", ("coremltools",), ".mlpackage", True, "darwin"
    ),
}


def available() -> dict[str, RuntimeEntry]:
    """Returns all runtimes by name: those of the SDK, then those that installed packages register.

    A registered runtime that cannot be loaded is left out; the logger ``mobileiqa_sdk`` says why.
    """
    return BUILTIN | {name: entry for name, entry in _registered().items() if name not in BUILTIN}


@cache
def _registered() -> dict[str, RuntimeEntry]:
    entries: dict[str, RuntimeEntry] = {}
    for name, point in plugins.registered(plugins.RUNTIMES).items():
        try:
            entry = point.load()
        except Exception as error:  # another package's code: it may raise anything
            log.warning("the runtime %s cannot be loaded: %s", one_line(name), first_line(error))
            continue
        if isinstance(entry, RuntimeEntry):
            entries[name] = entry
        else:
            log.warning("the runtime %s is not a RuntimeEntry", one_line(name))
    return entries


def for_suffix(suffix: str) -> dict[str, RuntimeEntry]:
    """Returns the runtimes for a file name's suffix.

    Other packages' runtimes are looked up only if the SDK has none for the suffix, since that takes longer
    than scoring a photo.
    """
    builtin = {name: entry for name, entry in BUILTIN.items() if entry.suffix == suffix}
    if builtin or not suffix:
        return builtin
    return {name: entry for name, entry in available().items() if entry.suffix == suffix}


def read_contract(path: Path) -> ModelContract | None:
    """Returns the contract in an ONNX or TFLite file without loading the model; None for other formats.

    Raises:
        ArtifactInvalid: damaged, or without a contract.
        ContractUnsupported: of another version of the SDK.
    """
    from . import onnx_file, tflite_file  # here: scoring needs no digest, and OpenSSL takes long to load

    if path.suffix == ".tflite":
        return ModelContract.from_json(tflite_file.read_contract(path), str(path))
    if path.suffix != ".onnx":
        return None
    text = onnx_file.read_metadata(path, METADATA_KEY)
    if text is None:
        raise ArtifactInvalid(f"{path}: not an ONNX model with an intact MobileIQA contract")
    return ModelContract.from_json(text, str(path))


def for_verification(path: Path) -> str | None:
    """Returns the first runtime for such artifacts that runs on this platform, or None."""
    for name, entry in available().items():
        if entry.suffix == path.suffix and entry.platform in ("", sys.platform):
            return name
    return None


def named(name: str) -> RuntimeEntry:
    """Returns the runtime of this name; other packages' are looked up only if it is not the SDK's.

    Raises:
        RuntimeUnavailable: no runtime has this name.
    """
    entry = BUILTIN.get(name) or available().get(name)
    if entry is None:
        raise RuntimeUnavailable(f"unknown runtime {name!r}; choose from {', '.join(available())}")
    return entry


def default_for(path: Path) -> str:
    """Returns the name of the runtime that opens such files if none is asked for.

    Raises:
        ArtifactInvalid: no runtime opens them.
    """
    for name in for_suffix(path.suffix):
        return name
    suffixes = ", ".join(dict.fromkeys(entry.suffix for entry in available().values()))
    raise ArtifactInvalid(f"{path}: not a model artifact; its name should end in {suffixes}")


def load(path: Path, runtime: str | None, threads: int) -> Runtime:
    """Opens an artifact file with the named runtime, or with the one for its suffix.

    Raises:
        RuntimeUnavailable: no runtime has this name, or it is not installed.
        ArtifactInvalid: no runtime opens such files, or the file is damaged.
        ContractUnsupported: see :mod:`mobileiqa_sdk.errors`.
        ContractMismatch: see :mod:`mobileiqa_sdk.errors`.
    """
    entry = named(default_for(path) if runtime is None else runtime)
    try:
        module = import_module(entry.module)
    except ImportError as error:
        raise RuntimeUnavailable(
            f"{path}: needs {entry.requirement}, which cannot be imported ({error}); "
            f'pip install "{entry.requirement}"'
        ) from error
    session: Runtime = module.Session(path, threads)
    if path.stat().st_size >= LARGE:
        trim_heap()
    return session
