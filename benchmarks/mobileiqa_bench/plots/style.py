"""What all plots share: size, fonts, colours, and how they are saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..figures import load_matplotlib
from ..schema import Document, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, GREY, RULE = "#1d2733", "#6b7785", "#e3e7ec"
DEEP, SHALLOW, WARM = "#0b6e99", "#b9d9e6", "#d9730d"
DPI = 160
SIZE = (13.6, 7.65)
"""Inches: 16:9, as the SDK's other plots."""

_RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    # A label is whatever the user's files are called: no formulas in it.
    "text.parse_math": False,
    # The same figures give the same file.
    "svg.hashsalt": "mobileiqa",
}


def save(draw: Callable[[Figure], None], stem: Path) -> list[Path]:
    """Draws once and writes `stem`.png and `stem`.svg. Raises PlotUnavailable without matplotlib."""
    load_matplotlib()
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    png, svg = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "svg"))
    with mpl.rc_context(_RC):
        figure = Figure(figsize=SIZE, facecolor="white")
        FigureCanvasAgg(figure)  # draws without a display, and leaves pyplot's state alone
        draw(figure)
        figure.savefig(png, dpi=DPI, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})
    return [png, svg]


def head(figure: Figure, title: str, subtitle: str) -> None:
    """Writes a title and a subtitle at the top left."""
    figure.text(0.035, 0.93, title, size=20, weight="bold")
    figure.text(0.035, 0.888, subtitle, size=11.5, color=GREY)


def foot(figure: Figure, document: Document, *rows: Result) -> None:
    """Writes the machine and the flags at the bottom, since a plot is passed on without its file."""
    environment = document.environment
    place = "  ·  ".join(
        str(part)
        for part in (environment.get("cpu"), f"{environment.get('cpus')} CPUs", environment.get("system"))
        if part
    )
    figure.text(0.035, 0.022, place, size=8.5, color=GREY)
    flags = [*document.flags, *(flag for row in rows for flag in row.flags)]
    kinds = ", ".join(dict.fromkeys(flag.partition(":")[0] for flag in flags))
    if kinds:
        figure.text(0.965, 0.022, f"flags raised: {kinds}", size=8.5, color=WARM, ha="right")
