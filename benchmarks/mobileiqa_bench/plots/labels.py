"""Labels beside circles, placed where they cover as little as possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .style import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 5.0
"""Points between a circle and its label, and around a label."""
LINE = 13.0
"""Points from one line of text to the next."""
STEPS = sorted(range(-12, 13), key=abs)
"""How far a label may move up or down, in lines, the nearest first."""


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: _Box) -> float:
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.top, other.top) - max(self.bottom, other.bottom)
        return wide * high if wide > 0 and high > 0 else 0.0


def place_labels(axes: Axes, points: Sequence[tuple[float, float, float, tuple[str, str]]]) -> None:
    """Writes two lines beside each of the points (x, y, radius in points, lines), on its right or left.

    Takes the first place without any overlap, else the one with the least overlap. A thin line leads to a
    label that had to be moved, from a side of the circle that no other one covers, if there is one.
    """
    figure = axes.figure
    scale = figure.dpi / 72  # pixels in a point
    frame = axes.get_window_extent()
    inside = _Box(frame.x0, frame.y0, frame.x1, frame.y1)
    centres = [axes.transData.transform((x, y)) for x, y, _, _ in points]
    taken = [
        _Box(x - r * scale, y - r * scale, x + r * scale, y + r * scale)
        for (x, y), (_, _, r, _) in zip(centres, points, strict=True)
    ]
    circles = [(x, y, r * scale) for (x, y), (_, _, r, _) in zip(centres, points, strict=True)]
    for (x, y), (_, _, radius, lines) in zip(centres, points, strict=True):
        others = [circle for circle in circles if circle != (x, y, radius * scale)]
        wide, high = _size(axes, lines), 2 * LINE * scale
        tried: list[tuple[int, int, _Box, int, int]] = []
        for step in STEPS:
            for side in (1, -1):
                near = x + side * (radius + GAP) * scale
                middle = y + step * LINE * scale
                box = _Box(
                    min(near, near + side * wide),
                    middle - high / 2,
                    max(near, near + side * wide),
                    middle + high / 2,
                )
                outside = wide * high - box.overlap(inside)
                cost = sum(box.overlap(other) for other in taken) + 4 * outside
                if step and _is_covered((x + side * radius * scale, y), others):
                    cost += wide * high / 4
                # In whole pixels, since the difference of two areas is hardly ever exactly zero.
                tried.append((round(cost), len(tried), box, side, step))
        _, _, box, side, step = min(tried)
        taken.append(box)
        _write(axes, box, side, lines, scale)
        if step:
            _lead(axes, (x, y), box, side, radius * scale)


def _is_covered(point: tuple[float, float], circles: Sequence[tuple[float, float, float]]) -> bool:
    """Returns whether a point lies in one of the circles (x, y, radius)."""
    return any(math.hypot(point[0] - x, point[1] - y) < radius for x, y, radius in circles)


def _size(axes: Axes, lines: tuple[str, str]) -> float:
    """Returns the width of the wider line in pixels."""
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    widths = []
    for line, weight in zip(lines, ("bold", "normal"), strict=True):
        text = axes.text(0, 0, line, size=9.5, weight=weight)
        widths.append(text.get_window_extent(renderer).width)
        text.remove()
    return float(max(widths))


def _write(axes: Axes, box: _Box, side: int, lines: tuple[str, str], scale: float) -> None:
    to_data = axes.transData.inverted()
    anchor = box.left if side > 0 else box.right
    for line, above, weight, colour in ((lines[0], 0.5, "bold", INK), (lines[1], -0.5, "normal", GREY)):
        x, y = to_data.transform((anchor, (box.bottom + box.top) / 2 + above * LINE * scale))
        axes.text(
            x, y, line, size=9.5, weight=weight, color=colour, va="center", zorder=5,
            ha="left" if side > 0 else "right",
        )  # fmt: skip


def _lead(axes: Axes, centre: tuple[float, float], box: _Box, side: int, radius: float) -> None:
    to_data = axes.transData.inverted()
    start = to_data.transform((centre[0] + side * radius, centre[1]))
    near = (box.left if side > 0 else box.right) - side * GAP / 2
    end = to_data.transform((near, (box.bottom + box.top) / 2))
    axes.plot([start[0], end[0]], [start[1], end[1]], color=GREY, linewidth=0.7, zorder=1.5)
