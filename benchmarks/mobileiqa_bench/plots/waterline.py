"""The time of each part of a network, above the least time that this machine could take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..roofline import Group, groups
from ..schema import Document, Peaks, Result
from ..units import count, milliseconds
from .style import DEEP, GREY, INK, SHALLOW, foot, head, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PARTS = 24
"""More bars could not be labelled on a slide."""


def draw_waterline(row: Result, peaks: Peaks, document: Document, stem: Path) -> list[Path]:
    """Draws a bar for each part of the network, in execution order.

    A bar is the part's time, and its dark portion the floor: the least time that arithmetic at its measured
    peak and memory at its measured bandwidth allow.

    Returns:
        The files written.

    Raises:
        PlotUnavailable: matplotlib is not installed.
    """
    parts = groups(row.layers, MOST_PARTS)

    def draw(figure: Figure) -> None:
        total = sum(part.seconds for part in parts)
        floor = sum(min(part.floor, part.seconds) for part in parts)
        head(
            figure,
            f"{row.label}: {milliseconds(total)}, floor {milliseconds(floor)}",
            f"{count(row.threads, 'thread')}  ·  floor: the longer of MACs at {_rates(peaks)} and bytes "
            f"at {peaks.bandwidth[-1].bytes_per_second / 1e9:.0f} GB/s from memory, more from caches",
        )
        axes = figure.add_axes((0.2, 0.1, 0.68, 0.74))
        _bars(axes, parts)
        _legend(axes)
        foot(figure, document, row)

    return save(draw, stem)


def _rates(peaks: Peaks) -> str:
    fp32, int8 = peaks.fp32_macs_per_second / 1e9, peaks.int8_macs_per_second / 1e9
    return f"{fp32:.0f} (fp32) or {int8:.0f} (int8) billion a second"


def _bars(axes: Axes, parts: Sequence[Group]) -> None:
    places = range(len(parts))
    times = [1000 * part.seconds for part in parts]
    # A part served by a faster cache than was measured has a floor beyond its time: it is drawn to the time.
    water = [1000 * min(part.floor, part.seconds) for part in parts]
    above = [time - floor for time, floor in zip(times, water, strict=True)]
    axes.barh(places, water, height=0.74, color=DEEP, label="floor: what this machine could do at best")
    axes.barh(places, above, left=water, height=0.74, color=SHALLOW, label="time above it")
    whole = sum(times) or 1.0
    reach = max(times, default=1.0) or 1.0
    for place, part in zip(places, parts, strict=True):
        share = 1000 * part.seconds / whole
        reached = part.floor / part.seconds if part.seconds else 1.0
        label = f"{milliseconds(part.seconds)}   {share:.0%}"
        axes.text(1000 * part.seconds + 0.008 * reach, place, label, va="center", size=8.5, color=INK)
        axes.text(
            1.12, place, f"{min(reached, 9.99):.0%}", va="center", ha="right", size=9.5, color=DEEP,
            weight="bold" if share > 0.05 else "normal", transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    axes.text(
        1.12, -0.95, "floor / time", va="center", ha="right", size=8.5, color=GREY,
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip
    axes.set_yticks(
        list(places), [part.name or "(the network itself)" for part in parts], size=9.5, color=INK
    )
    axes.set_ylim(len(parts) - 0.4, -0.6)
    axes.set_xlim(0, 1.13 * reach)
    axes.set_xlabel("milliseconds, median of the profiled runs", size=9)
    axes.grid(axis="x", color="#e3e7ec", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=9)


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=9.5, handlelength=1.2,
        borderaxespad=0.1, columnspacing=1.6,
    )  # fmt: skip
