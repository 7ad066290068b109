"""Plots of a benchmark as slides, each as PNG and SVG."""

from __future__ import annotations

import re
from pathlib import Path

from ..schema import Document, Peaks, Result
from .pareto import draw_pareto
from .waterline import draw_waterline


def draw_all(document: Document, folder: Path) -> list[Path]:
    """Draws a waterline for each result with layers, and the trade-offs for each number of threads.

    Returns:
        The files written.

    Raises:
        PlotUnavailable: matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = sorted({row.threads for row in document.results})
    written: list[Path] = []
    for threads in counts:
        on = f"-{threads}-threads" if len(counts) > 1 else ""
        for row in document.results:
            reached = _peaks(document, row)
            if row.threads == threads and row.layers and reached:
                written += draw_waterline(
                    row, reached, document, folder / f"waterline-{_slug(row.label)}{on}"
                )
        written += draw_pareto(document, threads, folder / f"pareto{on}")
    return written


def _peaks(document: Document, row: Result) -> Peaks | None:
    return next((one for one in document.peaks if one.threads == row.threads), None)


def _slug(label: str) -> str:
    """Returns a label as part of a file name."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.")[:80] or "model"
