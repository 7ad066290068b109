"""Agreement with people against time, for programs that score photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..evaluation.agreement import Interval
from .style import DEEP, GREY, INK, RULE, head, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OURS = "mobileiqa"


def draw_peers(places: Sequence[tuple[str, float, Interval]], photos: str, stem: Path) -> list[Path]:
    """Draws milliseconds across and SRCC up, with its interval; our own points are dark.

    Args:
        places: name, milliseconds and SRCC of each program.
        photos: what was scored, for the subtitle.
        stem: of the files.

    Returns:
        The files written.

    Raises:
        PlotUnavailable: matplotlib is not installed.
    """

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        head(
            figure,
            "Agreement with people against time",
            f"{photos}, decoding included, one thread  ·  left is faster, up agrees better  ·  lines: 95 % "
            "bootstrap intervals",
        )
        axes = figure.add_axes((0.075, 0.125, 0.89, 0.715))
        times = [milliseconds for _, milliseconds, _ in places]
        axes.set_xscale("log")
        axes.set_xlim(min(times) / 2.5, max(times) * 4)
        axes.set_ylim(min(0.0, *(srcc.low for *_, srcc in places)), 1)
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ms"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("one photo")
        axes.set_ylabel("SRCC with mean opinions")
        axes.grid(color=RULE)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for name, milliseconds, srcc in places:
            colour = DEEP if name.startswith(OURS) else GREY
            axes.plot([milliseconds, milliseconds], [srcc.low, srcc.high], color=colour, linewidth=2)
            axes.plot(milliseconds, srcc.value, "o", color=colour, markersize=11)
            axes.annotate(
                f"{name}  {srcc.value:.2f}",
                (milliseconds, srcc.value),
                (11, -4),
                textcoords="offset points",
                size=13,
                color=INK,
            )

    return save(draw, stem)
