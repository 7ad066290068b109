"""The proof of a model's faults as a plot: the cross-sensitivity, and how severities grow step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobileiqa_sdk.reason import FAULT_FROM

from .fault_answers import AskedFaults
from .fault_proof import FaultProof, Floats
from .fault_table import without_minus_zero
from .faults import STEPS
from .plots import GREY, INK, MEAN, PHOTO, rule_panel, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OTHER = "#c3c9d1"
_COLUMNS = 2
_DARK = 0.6
"""Share of the strongest colour from which figures on it are white."""


def plot_faults(asked: AskedFaults, proof: FaultProof, file: str | Path) -> None:
    """Draws the proof as a slide, 16:9, PNG or SVG by the file's suffix.

    The same proof always gives the same bytes.

    Raises:
        PlotUnavailable: another suffix, matplotlib is not installed, or it cannot draw or write the file.
    """
    save_figure(lambda figure: _draw(figure, asked, proof), (13.6, 7.65), file)


def _draw(figure: Figure, asked: AskedFaults, proof: FaultProof) -> None:
    many = f"{proof.photos} photo{'s' if proof.photos > 1 else ''}"
    # A model's name is whatever its contract says: no formulas in it.
    title = f"{asked.model}: does it name the right fault?"
    figure.text(0.03, 0.936, title, size=20, weight="bold", parse_math=False)
    line = (
        f"severity rises in {proof.rising.value:.1%} of the steps  ·  "
        f"false alarms on {proof.false_alarms:.1%} of the faultless photos  ·  "
        f"{many}, input of {asked.input_size}"
    )
    figure.text(0.03, 0.893, line, size=11.5, color=GREY, parse_math=False)
    _heat_map(figure.add_axes((0.115, 0.15, 0.43, 0.62)), proof)
    own = asked.answers.own
    rows = -(-len(proof.faults) // _COLUMNS)
    grid = figure.add_gridspec(
        rows, _COLUMNS, left=0.605, right=0.985, top=0.79, bottom=0.085, wspace=0.1, hspace=0.55
    )
    for number, name in enumerate(proof.faults):
        axes = figure.add_subplot(grid[divmod(number, _COLUMNS)])
        _curves(axes, proof.severities[number], own[:, number], number, name)
        axes.tick_params(labelleft=number % _COLUMNS == 0)
        rising = f"{proof.faults[name].rising.value:.1%} rising"
        axes.set_title(rising, loc="right", size=8.5, pad=4, color=GREY)
    _legend(figure)


def _heat_map(axes: Axes, proof: FaultProof) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    names = [name.replace("_", " ") for name in proof.faults]
    largest = max(float(np.abs(proof.movements).max()), 1e-9)
    colours = LinearSegmentedColormap.from_list("movement", ["#d1495b", "#ffffff", MEAN])
    axes.imshow(proof.movements, cmap=colours, vmin=-largest, vmax=largest, aspect="auto")
    for (row, column), movement in np.ndenumerate(proof.movements):
        axes.text(
            column,
            row,
            without_minus_zero(movement, 2),
            ha="center",
            va="center",
            size=9,
            color="white" if abs(movement) > _DARK * largest else INK,
            weight="bold" if row == column else "normal",
        )
    axes.set_xticks(range(len(names)), names, rotation=35, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, labelsize=9, labeltop=True, labelbottom=False, labelcolor=INK)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(
        "fault that was put in (columns), severity that is answered (rows):\n"
        "mean movement from the faultless photo, over steps 1 to 5",
        size=9,
        labelpad=8,
    )


def _curves(axes: Axes, mean: Floats, own: Floats, number: int, name: str) -> None:
    """Draws the severities under one fault.

    Args:
        axes: to draw on.
        mean: over photos, [1 + STEPS, N].
        own: of each photo, [photos, 1 + STEPS].
        number: of the fault.
        name: of the fault.
    """
    steps = np.arange(1 + STEPS)
    alpha = float(np.clip(4 / np.sqrt(len(own)), 0.08, 0.75))
    axes.axhline(FAULT_FROM, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    axes.plot(steps, own.T, color=PHOTO, linewidth=0.9, alpha=alpha, zorder=2)
    axes.plot(steps, np.delete(mean, number, axis=1), color=OTHER, linewidth=1.1, zorder=3)
    axes.plot(steps, mean[:, number], color=MEAN, linewidth=2.6, solid_joinstyle="round", zorder=4)
    axes.set_title(name.replace("_", " "), loc="left", size=10, pad=4, color=INK)
    axes.set_xlim(-0.1, STEPS + 0.1)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks(steps)
    axes.set_yticks((0, 0.5, 1))
    rule_panel(axes)


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], color=MEAN, linewidth=2.6, label="its severity, mean"),
            Line2D([], [], color=PHOTO, linewidth=1, label="one photo"),
            Line2D([], [], color=OTHER, linewidth=1.1, label="other severities, mean"),
            Line2D([], [], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), label="named from here"),
        ],
        loc="upper right",
        bbox_to_anchor=(0.99, 0.875),
        ncols=4,
        frameon=False,
        fontsize=9,
        handlelength=1.5,
        columnspacing=1.2,
    )
