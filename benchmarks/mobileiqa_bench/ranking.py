"""A table of SRCC by configuration, for the plot of trade-offs."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .configs import Config
from .errors import BenchmarkError
from .schema import Srcc


def read_srcc(path: Path) -> dict[str, Srcc]:
    """Reads SRCC by name from a CSV of two columns with a header: a name, and its SRCC.

    The second header names the rankings, for example ``SRCC with people, BIQ2021``.

    Raises:
        BenchmarkError: the file cannot be read, or is not such a table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise BenchmarkError(f"{path}: cannot be read as CSV: {error}") from error
    if len(rows) < 2 or any(len(row) < 2 for row in rows):
        raise BenchmarkError(f"{path}: needs a header and two columns: a name, and its SRCC")
    kind = rows[0][1].strip().removeprefix("SRCC").removeprefix("srcc").strip() or f"in {path.name}"
    return {row[0].strip(): Srcc(value=_value(row[1], path), of=kind) for row in rows[1:]}


def with_srcc(configs: Sequence[Config], srcc_of: dict[str, Srcc], source: str) -> list[Config]:
    """Returns the configurations with the SRCC given for their label, artifact or folder, or with none.

    Raises:
        BenchmarkError: a name matches none of them, which would go unnoticed in a plot.
    """
    used: set[str] = set()
    result = []
    for config in configs:
        names = (config.label, config.artifact, config.path.parent.name)
        name = next((name for name in names if name in srcc_of), None)
        used |= {name} if name else set()
        result.append(replace(config, srcc=srcc_of[name] if name else None))
    if unknown := sorted(srcc_of.keys() - used):
        labels = "; ".join(dict.fromkeys(config.label for config in configs))
        raise BenchmarkError(f"{source}: {unknown[0]!r} does not match any configuration: {labels}")
    return result


def _value(text: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -1 <= value <= 1:
        raise BenchmarkError(f"{path}: {text!r} is not an SRCC; write a number from -1 to 1")
    return value
