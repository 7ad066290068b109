"""Artifact formats: one file each with ``save(job) -> Path``, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import ExportError
from ..precisions import PRECISIONS
from .job import MIN_INTEGERS, Job


class Format(NamedTuple):
    """Where a format lives, which extras install what it needs, and the precisions it can write.

    ``smallest`` is the number of weights from which a precision takes a layer; without an entry, any.
    """

    module: str
    extra: str
    precisions: tuple[str, ...]
    smallest: Mapping[str, int] = MappingProxyType({})


FORMATS: dict[str, Format] = {
    "onnx": Format(
        "mobileiqa_export.formats.onnx",
        "export",
        tuple(PRECISIONS),
        dict.fromkeys(("int8-weights", "int8-dynamic", "int4-weights"), MIN_INTEGERS),
    ),
    "tflite": Format(
        "mobileiqa_export.formats.tflite",
        "export-tflite",
        ("fp32", "fp16", "int8-weights", "int8-dynamic", "int8-static"),
    ),
    "coreml": Format(
        "mobileiqa_export.formats.coreml",
        "export,coreml",
        ("fp32", "fp16", "int8-weights", "int8-static", "int4-weights"),
        {"int8-weights": 2049, "int4-weights": MIN_INTEGERS},  # the first is coremltools' own
    ),
}


def save(form: str, job: Job) -> Path:
    """Write the job's artifact in a format and return its model file.

    Raises:
        ExportError: no such format, not such a precision, or a package is missing.
    """
    if form not in FORMATS:
        raise ExportError(f"no format is called {form!r}; there is {', '.join(FORMATS)}")
    entry = FORMATS[form]
    if job.precision not in entry.precisions:
        raise ExportError(f"{form} has no {job.precision}; it has {', '.join(entry.precisions)}")
    try:
        module = import_module(entry.module)
    except ImportError as error:
        raise ExportError(
            f'{form} needs {error.name or error}; pip install "mobileiqa-sdk[{entry.extra}]"'
        ) from error
    path: Path = module.save(job)
    return path


__all__ = ["FORMATS", "Format", "Job", "save"]
