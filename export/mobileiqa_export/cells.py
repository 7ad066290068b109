"""The export matrix: the requested artifacts, as pairs of a file format and a precision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import ExportError
from .formats import FORMATS
from .precisions import PRECISIONS, Precision, precision_named

ALL = "all"


class Cell(NamedTuple):
    """One artifact of the matrix."""

    file_format: str
    precision: Precision

    def __str__(self) -> str:
        return f"{self.file_format} {self.precision}"

    def folder_name(self, model: str, approximation: str | None = None) -> str:
        """Returns the name of the artifact's folder for a model of this name, safe as a file name."""
        name = f"{safe_name(model)}-{self.file_format}-{self.precision}"
        return f"{name}-{approximation}" if approximation else name


def safe_name(model: str) -> str:
    """Returns a model's name as a file name, without separators, spaces or leading dots.

    >>> safe_name("../up/My IQA: best")
    'up-My-IQA-best'
    """
    return re.sub(r"[^\w.-]+", "-", model).strip(".-")[:100] or "model"


def cell(file_format: str, precision: str) -> Cell:
    """Returns one cell.

    Raises:
        ExportError: unknown format or precision, or the format does not offer the precision.
    """
    (chosen,) = cells([file_format], [precision])
    return chosen


def cells(file_formats: Sequence[str], precisions: Sequence[str]) -> list[Cell]:
    """Returns the cells of some formats and precisions; either may be ``all``. A format's fp32 comes first.

    Raises:
        ExportError: a format or precision is unknown, none is named, or an explicitly named (format,
            precision) pair is not supported.
    """
    chosen_formats = _chosen_formats(file_formats)
    chosen_precisions = _chosen_precisions(precisions)
    lenient = ALL in file_formats or ALL in precisions
    chosen = []
    for file_format in chosen_formats:
        offered = FORMATS[file_format].precisions
        for precision in chosen_precisions:
            if precision in offered:
                chosen.append(Cell(file_format, precision))
            elif not lenient:
                names = ", ".join(each.name for each in offered)
                raise ExportError(f"{file_format} does not support {precision}; it supports {names}")
    if not chosen:
        names = ", ".join(precision.name for precision in chosen_precisions)
        raise ExportError(f"none of the formats supports {names}; omit --precision to export fp32")
    return chosen


def _chosen_formats(names: Sequence[str]) -> list[str]:
    if not names:
        raise ExportError(f"name at least one format: {', '.join(FORMATS)} or {ALL}")
    if ALL in names:
        return list(FORMATS)
    for name in names:
        if name not in FORMATS:
            raise ExportError(f"unknown format {name!r}; choose from {', '.join(FORMATS)} or {ALL}")
    return list(dict.fromkeys(names))


def _chosen_precisions(names: Sequence[str]) -> list[Precision]:
    if not names:
        raise ExportError(f"name at least one precision: {', '.join(PRECISIONS)} or {ALL}")
    everything = list(PRECISIONS.values())
    if ALL in names:
        return everything
    return sorted({precision_named(name) for name in names}, key=everything.index)
