"""The ladders as a plot: a panel for each distortion, a line for each photo, their mean on top.

And how every plot of this package is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.bands import BANDS

from ..errors import PlotUnavailable
from ..figures import load_matplotlib
from .distortions import DISTORTIONS, Distortion
from .ladders import STEPS, VISIBLE_DROP, Ladders

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
DPI = 160

INK, GREY, RULE = "#1d2733", "#6b7785", "#e3e7ec"
MEAN, PHOTO, _WRONG = "#0b6e99", "#8fb8cc", "#d1495b"
_DOT: dict[str, Any] = {
    "marker": "o", "markersize": 7, "linestyle": "none", "color": "white",
    "markeredgecolor": MEAN, "markeredgewidth": 2.2,
}  # fmt: skip
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    # The same ladders give the same file.
    "svg.hashsalt": "mobileiqa",
}


def plot_ladders(ladders: Ladders, file: str | Path) -> None:
    """Draws the ladders as a slide, 16:9, PNG or SVG by the file's suffix.

    The same ladders always give the same bytes.

    Raises:
        PlotUnavailable: another suffix, matplotlib is not installed, or it cannot draw or write the file.
    """
    save_figure(lambda figure: _draw(figure, ladders), (13.6, 7.65), file)


def save_figure(draw: Callable[[Figure], None], size: tuple[float, float], file: str | Path) -> None:
    """Draws on an empty figure and writes it, PNG or SVG by the file's suffix.

    Args:
        draw: puts everything on the figure.
        size: width and height in inches.
        file: to write.

    Raises:
        PlotUnavailable: another suffix, matplotlib is not installed, or it cannot draw or write the file.
    """
    path = Path(file)
    if path.suffix.lower() not in SUFFIXES:
        raise PlotUnavailable(
            f"{path}: plots are {' or '.join(SUFFIXES)}; give the file one of these suffixes"
        )
    load_matplotlib()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metadata: dict[str, Any] = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
    try:
        with rc_context(_STYLE):
            figure = Figure(figsize=size, facecolor="white")
            FigureCanvasAgg(figure)  # draws without a display, and leaves pyplot's state alone
            draw(figure)
            figure.savefig(path, dpi=DPI, metadata=metadata)
    except MemoryError:
        raise
    # Fonts, styles of the user's matplotlibrc and a full disk: matplotlib raises whatever they raise.
    except Exception as error:
        raise PlotUnavailable(f"{path}: the plot cannot be drawn ({first_line(error)})") from error


def _draw(figure: Figure, ladders: Ladders) -> None:
    panels = figure.subplots(3, 3, sharey=True)
    figure.subplots_adjust(left=0.052, right=0.94, top=0.825, bottom=0.075, wspace=0.07, hspace=0.62)
    for axes, (name, distortion) in zip(panels.flat, DISTORTIONS.items(), strict=True):
        _panel(axes, ladders, list(DISTORTIONS).index(name), distortion)
    for axes in panels[:, -1]:
        for grade, band in enumerate(BANDS):
            axes.text(
                1.015, 0.2 * grade + 0.1, band, transform=axes.transAxes, va="center", size=8, color=GREY
            )
    where = f"distorted at {ladders.input_size}" if ladders.mode == "input" else "distorted at their own size"
    many = f"{len(ladders.climbs)} photo{'s' if len(ladders.climbs) > 1 else ''}"
    right, steps = ladders.ordered, len(ladders.climbs) * len(DISTORTIONS) * (STEPS - 1)
    # A model's name is whatever its contract says: no formulas in it.
    title = f"{ladders.model}: does a worse photo score lower?"
    figure.text(0.052, 0.936, title, size=20, weight="bold", parse_math=False)
    figure.text(
        0.052, 0.893, f"{right:.1%} of {steps} steps in order  ·  {many}, {where}", size=11.5, color=GREY
    )
    _legend(figure)


def _panel(axes: Axes, ladders: Ladders, number: int, distortion: Distortion) -> None:
    scores, steps = ladders.scores[:, number], np.arange(STEPS)
    for ladder in scores:
        axes.plot(steps, ladder, color=PHOTO, linewidth=1, alpha=0.75, solid_capstyle="round")
        for step in np.flatnonzero(np.diff(ladder) >= 0):
            axes.plot(steps[step : step + 2], ladder[step : step + 2], color=_WRONG, linewidth=1.3, zorder=3)
    mean = ladders.mean[distortion.name]
    axes.plot(
        steps, mean, color=MEAN, linewidth=2.8, solid_capstyle="round", solid_joinstyle="round", zorder=4
    )
    visible = ladders.visible_from[distortion.name]
    if visible is not None:
        axes.plot(visible, mean[visible], zorder=5, **_DOT)
    share = ladders.ordered_by_distortion[distortion.name]
    axes.set_title(
        distortion.name[0].upper() + distortion.name[1:], loc="left", size=12, weight="bold", pad=7
    )
    axes.set_title(f"{100 * share:.3g}% in order", loc="right", size=9.5, color=GREY, pad=7)
    axes.set_xticks(steps, ["as is", *(f"{strength:g}" for strength in distortion.steps)], size=8.5)
    axes.set_xlabel(distortion.unit, size=8.5, labelpad=1.5)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlim(-0.15, STEPS - 0.85)
    axes.set_ylim(0, 1)
    rule_panel(axes)


def rule_panel(axes: Axes) -> None:
    """Leaves a small panel of curves its horizontal rules, and no frame."""
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8.5)


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], color=MEAN, linewidth=2.8, label="mean"),
            Line2D([], [], color=PHOTO, linewidth=1, label="one photo"),
            Line2D([], [], color=_WRONG, linewidth=1.3, label="step out of order"),
            Line2D([], [], label=f"visible: more than {VISIBLE_DROP} lost", **_DOT),
        ],
        loc="upper right",
        bbox_to_anchor=(0.9455, 0.923),
        ncols=4,
        frameon=False,
        fontsize=9,
        handlelength=1.6,
        columnspacing=1.4,
    )
