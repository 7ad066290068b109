"""Pictures of a benchmark, as slides: PNG and SVG of each."""

from __future__ import annotations

import re
from pathlib import Path

from ..schema import Document, Peaks, Result
from .pareto import draw_pareto
from .waterline import draw_waterline


def draw_all(document: Document, folder: Path) -> list[Path]:
    """A waterline for each result with layers, and the trade-offs of all: the files written.

    Raises BenchmarkError where matplotlib is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for row in document["results"]:
        reached = _peaks(document, row)
        if row.get("layers") and reached:
            many = sum(other["label"] == row["label"] for other in document["results"]) > 1
            name = f"waterline-{_slug(row['label'])}" + (f"-{row['threads']}-threads" if many else "")
            written += draw_waterline(row, reached, document, folder / name)
    return written + draw_pareto(document, folder / "pareto")


def _peaks(document: Document, row: Result) -> Peaks | None:
    return next((one for one in document.get("peaks", []) if one["threads"] == row["threads"]), None)


def _slug(label: str) -> str:
    """A label as part of a file's name."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.")[:80] or "model"
