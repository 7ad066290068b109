"""Latency, ranking and size of all configurations: which ones nothing else beats at both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..schema import Document, Result
from ..units import count, megabytes, milliseconds
from .labels import place_labels
from .style import DEEP, GREY, RULE, SHALLOW, foot, head, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST = 2600.0
"""Square of the diameter, in points, of the largest file's circle."""
SMALLEST = 60.0
STEP = 1e-4
"""Smallest difference of SRCC that counts; less is rounding."""


class Point(NamedTuple):
    """A configuration: milliseconds, SRCC, bytes."""

    label: str
    time: float
    srcc: float
    size: int


def front(points: Sequence[Point]) -> list[Point]:
    """Returns the points that rank better by `STEP` than every faster one, fastest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.time, -point.srcc)):
        if not best or point.srcc >= best[-1].srcc + STEP:
            best.append(point)
    return best


def draw_pareto(document: Document, threads: int, stem: Path) -> list[Path]:
    """Draws time across, SRCC up and size as area, for the results on a number of threads.

    Results whose SRCC is missing, or compares other rankings than the first one's, are listed in a note.

    Returns:
        The files written; none if fewer than two results have an SRCC, which leaves nothing to compare.

    Raises:
        PlotUnavailable: matplotlib is not installed.
    """
    rows = [row for row in document.results if row.seconds and row.threads == threads]
    kind = next((srcc.of for row in rows if (srcc := row.srcc)), None)
    shown = [row for row in rows if (srcc := row.srcc) and srcc.of == kind]
    if kind is None or len(shown) < 2:
        return []
    points = [_point(row) for row in shown]

    def draw(figure: Figure) -> None:
        draw_points(figure, points, kind, threads)
        left_out = [row.label for row in rows if row not in shown]
        if left_out:
            note = f"without SRCC: {'; '.join(dict.fromkeys(left_out))}"
            figure.text(0.965, 0.05, note[:200], size=8.5, color=GREY, ha="right")
        foot(figure, document, *shown)

    return save(draw, stem)


def draw_points(figure: Figure, points: Sequence[Point], kind: str, threads: int) -> None:
    """Draws configurations of so many threads on an empty figure; `kind` says what SRCC compares."""
    head(
        figure,
        "Time, ranking and size",
        f"{count(threads, 'thread')}  ·  left is faster, up ranks better, a larger circle is a larger "
        "file  ·  dark: nothing else is both faster and better",
    )
    axes = figure.add_axes((0.075, 0.125, 0.89, 0.715))
    _axes(axes, points, kind)
    _circles(axes, points)
    place_labels(axes, [(p.time, p.srcc, _radius(p, points), _label(p)) for p in points])


def _point(row: Result) -> Point:
    srcc, seconds = row.srcc, row.seconds
    assert srcc is not None  # noqa: S101 - only such rows are shown
    assert seconds is not None  # noqa: S101 - likewise
    return Point(row.label, 1000 * seconds.inference.median, srcc.value, row.size_bytes or 0)


def _axes(axes: Axes, points: Sequence[Point], kind: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    times, ranks = [p.time for p in points], [p.srcc for p in points]
    axes.set_xscale("log")
    # Room for a label at either side, in decades.
    room = 0.15 + 0.14 * math.log10(max(times) / min(times))
    axes.set_xlim(min(times) / 10**room, max(times) * 10**room)
    low, high = min(ranks), max(ranks)
    margin = max(0.16 * (high - low), 5 * STEP)
    axes.set_ylim(low - margin, high + margin)
    wide = math.log10(max(times) / min(times)) + 2 * room
    if wide > 2:
        subs: tuple[float, ...] = (1,)
    elif wide > 0.7:
        subs = (1, 2, 5)
    else:
        subs = (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ms"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.get_major_formatter().set_useOffset(False)  # type: ignore[attr-defined]
    axes.set_yticks([tick for tick in axes.get_yticks() if low - margin <= tick < 1 + STEP / 2])
    axes.set_xlabel("median time of an inference, logarithmic", size=10.5)
    axes.set_ylabel(f"SRCC {kind}", size=10.5)
    axes.grid(color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, which="both", labelsize=10, pad=7)


def _circles(axes: Axes, points: Sequence[Point]) -> None:
    best = front(points)
    axes.plot([p.time for p in best], [p.srcc for p in best], color=DEEP, linewidth=1.4, alpha=0.55, zorder=2)
    for point in sorted(points, key=lambda point: -point.size):
        on_front = point in best
        axes.scatter(
            point.time, point.srcc, s=_area(point, points), color=DEEP if on_front else SHALLOW,
            edgecolors="white", linewidths=1.2, zorder=3 if on_front else 2.5, clip_on=False,
        )  # fmt: skip


def _area(point: Point, points: Sequence[Point]) -> float:
    largest = max(p.size for p in points) or 1
    return max(LARGEST * point.size / largest, SMALLEST)


def _radius(point: Point, points: Sequence[Point]) -> float:
    return math.sqrt(_area(point, points)) / 2


def _label(point: Point) -> tuple[str, str]:
    return point.label, f"{milliseconds(point.time / 1000)}, {megabytes(point.size)}"
