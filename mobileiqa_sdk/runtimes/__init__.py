"""Inference runtimes: one file each, one line here."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ..errors import ArtifactInvalid, RuntimeUnavailable
from .runtime import Runtime


class Entry(NamedTuple):
    """Where a runtime lives, what it needs and what it opens.

    Attributes:
        module: has a class ``Session(path, threads)`` that is a :class:`Runtime`.
        distribution: that pip installs.
        suffix: of the artifacts.
        folder: whether an artifact is a folder instead of a file.
        platform: the only ``sys.platform`` it runs on; empty for any.
    """

    module: str
    distribution: str
    suffix: str
    folder: bool = False
    platform: str = ""


RUNTIMES: dict[str, Entry] = {
    "onnx": Entry("mobileiqa_sdk.runtimes.onnx", "onnxruntime", ".onnx"),
    "litert": Entry("mobileiqa_sdk.runtimes.litert", "ai-edge-litert", ".tflite"),
    "coreml": Entry("mobileiqa_sdk.runtimes.coreml", "coremltools", ".mlpackage", True, "darwin"),
    # Slow, and not what a device computes to the last bit: to verify with, so never chosen by suffix.
    "coreml-reference": Entry(
        "mobileiqa_export.verify.coreml", "mobileiqa-sdk[export,coreml]", ".mlpackage", True
    ),
}


def for_verification(path: Path) -> str | None:
    """The first runtime for such artifacts that runs on this platform; None where there is no such."""
    names = (
        name
        for name, entry in RUNTIMES.items()
        if entry.suffix == path.suffix and entry.platform in ("", sys.platform)
    )
    return next(names, None)


def load(path: Path, runtime: str | None, threads: int) -> Runtime:
    """Open an artifact file with the named runtime, or with the one for its suffix.

    Raises:
        RuntimeUnavailable: no such runtime, or not installed.
        ArtifactInvalid: no runtime opens such files, or the file is damaged.
        ContractUnsupported, ContractMismatch: see :mod:`mobileiqa_sdk.errors`.
    """
    if runtime is None:
        runtime = next((name for name, entry in RUNTIMES.items() if entry.suffix == path.suffix), None)
        if runtime is None:
            suffixes = ", ".join(dict.fromkeys(entry.suffix for entry in RUNTIMES.values()))
            raise ArtifactInvalid(f"{path}: is no model artifact (a file ending in {suffixes})")
    if runtime not in RUNTIMES:
        raise RuntimeUnavailable(f"no runtime is called {runtime!r}; there is {', '.join(RUNTIMES)}")
    entry = RUNTIMES[runtime]
    try:
        module = import_module(entry.module)
    except ImportError as error:
        raise RuntimeUnavailable(
            f"{path}: needs {entry.distribution}, which cannot be imported ({error}); "
            f"pip install {entry.distribution}"
        ) from error
    session: Runtime = module.Session(path, threads)
    return session
