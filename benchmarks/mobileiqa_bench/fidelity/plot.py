"""The plot of a report: the artifact's scores against the reference's, and their differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.progress import SILENT, Progress

from ..figures import load_matplotlib
from .drift import Drift
from .verdict import Verdict

BLUE, GREY, ORANGE = "#1f5fa8", "#8a8f98", "#d9730d"


def draw(
    path: Path,
    verdict: Verdict,
    *,
    title: str,
    subtitle: str,
    axes: tuple[str, str],
    progress: Progress = SILENT,
) -> bool:
    """Writes a PNG of 1600 x 900 pixels, always the same for the same scores.

    Args:
        path: of the file.
        verdict: one point for each answered image; names with a comma are photographs with a fault.
        title: the first line.
        subtitle: the line below it.
        axes: names of the reference and of the artifact.
        progress: receives a warning if the plot cannot be drawn.

    Returns:
        Whether the file was written. A plot that cannot be drawn is a warning, never an error.
    """
    try:
        load_matplotlib()
        _write(path, verdict, title, subtitle, axes)
    except MemoryError:
        raise
    # Fonts, styles of the user's matplotlibrc and a full disk: matplotlib raises whatever they raise.
    except Exception as error:
        progress.warn(f"{path}: no plot was drawn ({first_line(error)})")
        path.unlink(missing_ok=True)
        return False
    return True


def _write(path: Path, verdict: Verdict, title: str, subtitle: str, axes: tuple[str, str]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    answered = [row for row in verdict.scores if row.artifact is not None]
    expected = np.array([row.reference for row in answered])
    scores = np.array([row.artifact for row in answered], np.float64)
    plain = np.array(["," not in row.image for row in answered], np.bool_)
    figure = Figure(figsize=(16, 9), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.08, 0.93, title, size=26, weight="bold", color="#1b1f24")
    figure.text(0.08, 0.885, subtitle, size=16, color="#57606a")
    left = figure.add_axes((0.08, 0.11, 0.395, 0.7))
    right = figure.add_axes((0.565, 0.11, 0.405, 0.7))
    both = np.concatenate([expected, scores]) if answered else np.array([0.0, 1.0])
    margin = 0.04 * max(float(np.ptp(both)), 1e-6)
    ends = (both.min() - margin, both.max() + margin)
    left.plot(ends, ends, color=GREY, linewidth=1.2, zorder=1)
    right.axhline(0, color=GREY, linewidth=1.2, zorder=1)
    for chosen, colour, label in ((~plain, BLUE, "with a fault added"), (plain, ORANGE, "photographs")):
        style: dict[str, Any] = {"s": 46, "color": colour, "alpha": 0.75, "linewidths": 0, "zorder": 2}
        left.scatter(expected[chosen], scores[chosen], label=label, **style)
        right.scatter(expected[chosen], (scores - expected)[chosen], **style)
    left.set(xlim=ends, ylim=ends, xlabel=f"score, {axes[0]}", ylabel=f"score, {axes[1]}")
    right.set(xlabel=f"score, {axes[0]}", ylabel="difference", xlim=ends)
    right.ticklabel_format(axis="y", scilimits=(-3, 3))
    reach = 1.15 * max(verdict.drift.max_difference or 0.0, 1e-9)
    right.set_ylim(-reach, reach)
    left.legend(loc="lower right", frameon=False, fontsize=14)
    left.text(
        0.04, 0.96, _summary(verdict.drift), transform=left.transAxes, va="top", size=15, linespacing=1.5
    )
    for panel in (left, right):
        panel.tick_params(labelsize=13)
        panel.xaxis.label.set_fontsize(15)
        panel.yaxis.label.set_fontsize(15)
        panel.grid(color="#e6e8eb", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    # Without matplotlib's version inside: the same export gives the same bytes.
    figure.savefig(path, metadata={"Software": None})


def _summary(drift: Drift) -> str:
    lines = [f"SRCC {'undefined' if drift.srcc is None else f'{drift.srcc:.4f}'}"]
    lines.append(f"{drift.flips_clear.share:.2%} of clear pairs flipped")
    if drift.max_difference is not None and drift.mean_difference is not None:
        lines.append(f"largest difference {drift.max_difference:.1e}")
        lines.append(f"mean difference {drift.mean_difference:.1e}")
    if drift.unanswered:
        lines.append(f"{drift.unanswered} images without an answer")
    return "\n".join(lines)
