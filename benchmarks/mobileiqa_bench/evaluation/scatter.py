"""People's opinions against a model's scores: a dot for each photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobileiqa_sdk.bands import BANDS

from .opinions import Evaluation
from .plots import GREY, MEAN, RULE, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_opinions(evaluation: Evaluation, title: str, file: str | Path) -> None:
    """Draws the scatter of MOS against score, PNG or SVG by the file's suffix.

    The same evaluation always gives the same bytes.

    Raises:
        PlotUnavailable: another suffix, matplotlib is not installed, or it cannot draw or write the file.
    """
    save_figure(lambda figure: _draw(figure, evaluation, title), (7.6, 8.0), file)


def _draw(figure: Figure, evaluation: Evaluation, title: str) -> None:
    rows = [row for row in evaluation.rows if row.score is not None]
    scores, mos = np.array([row.score for row in rows]), np.array([row.photo.mos for row in rows])
    axes = figure.add_axes((0.1, 0.09, 0.79, 0.75))
    alpha = float(np.clip(30 / np.sqrt(len(rows)), 0.15, 0.9))
    axes.plot((0, 1), (0, 1), color=RULE, linewidth=1.5, zorder=1)
    axes.scatter(scores, mos, s=18, color=MEAN, alpha=alpha, linewidths=0, zorder=2)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score", ylabel="mean opinion score, from 0 to 1")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.grid(color=RULE, linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for grade, band in enumerate(BANDS):
        axes.text(0.2 * grade + 0.1, 1.015, band, ha="center", size=8, color=GREY, transform=axes.transAxes)
    srcc, plcc = evaluation.overall.srcc, evaluation.overall.plcc
    # A model's name is whatever its contract says: no formulas in it.
    figure.text(0.1, 0.935, title, size=14, weight="bold", parse_math=False)
    figure.text(
        0.1,
        0.895,
        f"{len(rows)} photos  ·  SRCC {srcc.value:.3f} ({srcc.low:.3f} to {srcc.high:.3f})"
        f"  ·  PLCC {plcc.value:.3f}",
        size=10.5,
        color=GREY,
    )
