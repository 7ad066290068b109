"""The picture of a report: scores of the artifact over the reference's, and how far they are off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .drift import Drift
from .parity import Parity

BLUE, GREY, ORANGE = "#1f5fa8", "#8a8f98", "#d9730d"


def draw(
    path: Path, parity: Sequence[Parity], found: Drift, *, title: str, subtitle: str, axes: tuple[str, str]
) -> bool:
    """Write a PNG of 1600 x 900 pixels; False, and nothing written, where matplotlib is not installed.

    Args:
        path: of the file.
        parity: a point each; names with a comma are photographs with a fault.
        found: its figures.
        title: the line above.
        subtitle: the line below that.
        axes: what the reference and the artifact are.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    expected = np.array([entry.reference for entry in parity])
    scores = np.array([entry.artifact for entry in parity])
    plain = np.array(["," not in entry.image for entry in parity])
    figure = Figure(figsize=(16, 9), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.06, 0.93, title, size=26, weight="bold", color="#1b1f24")
    figure.text(0.06, 0.885, subtitle, size=16, color="#57606a")
    left = figure.add_axes((0.06, 0.11, 0.415, 0.7))
    right = figure.add_axes((0.565, 0.11, 0.405, 0.7))
    margin = 0.04 * max(float(np.ptp(expected)), 1e-6)
    ends = (min(expected.min(), scores.min()) - margin, max(expected.max(), scores.max()) + margin)
    left.plot(ends, ends, color=GREY, linewidth=1.2, zorder=1)
    right.axhline(0, color=GREY, linewidth=1.2, zorder=1)
    for chosen, colour, label in ((~plain, BLUE, "with a fault added"), (plain, ORANGE, "photographs")):
        style: dict[str, Any] = {"s": 46, "color": colour, "alpha": 0.75, "linewidths": 0, "zorder": 2}
        left.scatter(expected[chosen], scores[chosen], label=label, **style)
        right.scatter(expected[chosen], (scores - expected)[chosen], **style)
    left.set(xlim=ends, ylim=ends, xlabel=f"score, {axes[0]}", ylabel=f"score, {axes[1]}")
    right.set(xlabel=f"score, {axes[0]}", ylabel="difference", xlim=ends)
    right.ticklabel_format(axis="y", scilimits=(-3, 3))
    reach = 1.15 * max(found.max_difference, 1e-9)
    right.set_ylim(-reach, reach)
    left.legend(loc="lower right", frameon=False, fontsize=14)
    left.text(0.04, 0.96, _summary(found), transform=left.transAxes, va="top", size=15, linespacing=1.5)
    for panel in (left, right):
        panel.tick_params(labelsize=13)
        panel.xaxis.label.set_fontsize(15)
        panel.yaxis.label.set_fontsize(15)
        panel.grid(color="#e6e8eb", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    # Without matplotlib's version inside: the same export gives the same bytes.
    figure.savefig(path, metadata={"Software": None})
    return True


def _summary(found: Drift) -> str:
    srcc = "undefined" if found.srcc is None else f"{found.srcc:.4f}"
    return (
        f"SRCC {srcc}\n"
        f"{found.flips_clear.share:.2%} of clear pairs flipped\n"
        f"largest difference {found.max_difference:.1e}\n"
        f"mean difference {found.mean_difference:.1e}"
    )
