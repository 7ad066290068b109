"""Artifact formats: each has a module that writes model files, and an entry in :mod:`.registry`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .job import Job, LayerCount
from .registry import FORMATS, Format, Writer, format_named


def save(file_format: str, job: Job) -> Path:
    """Writes the job's artifact and returns the path of its model file (a folder, for Core ML).

    Args:
        file_format: a key of :data:`FORMATS`.
        job: what to write, and where.

    Raises:
        ExportError: unknown format, a precision that it does not offer, a package that is missing or of
            an unsupported version, or a module to spare that the network does not have.
        ConversionFailed: the format has no counterpart of an operator, or the file would be too large.
    """
    entry = format_named(file_format)
    entry.smallest(job.precision)  # raises where the precision is not offered, before any import
    entry.check_size(job.network)
    from ..rewrite.modules import sharing_weights  # imports torch, which the command's help must not

    # A network's code may store what it computes, and converters trace it.
    path: Path = entry.load().save(replace(job, network=sharing_weights(job.network)))
    return path


def count_layers(file_format: str, path: Path) -> LayerCount:
    """Counts what became of the layers in a model file that :func:`save` wrote.

    Raises:
        ExportError: unknown format, or a package is missing.
    """
    count: LayerCount = format_named(file_format).load().count_layers(path)
    return count


__all__ = ["FORMATS", "Format", "Job", "LayerCount", "Writer", "count_layers", "format_named", "save"]
