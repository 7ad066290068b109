"""Makes docs/plots/pareto.png of the tables in docs/performance.md and docs/precision.md.

``python docs/make_pareto.py``, with the extra ``bench``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mobileiqa_bench.plots.pareto import Point, draw_points
from mobileiqa_bench.plots.style import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).parent
EAGER = "as trained, PyTorch eager"


def rows(document: str, heading: str) -> dict[str, list[str]]:
    """Returns the cells of the first table after a text, by their row's first cell."""
    text = (DOCS / document).read_text(encoding="utf-8").partition(heading)[2]
    lines = text[text.index("\n|") + 1 :].partition("\n\n")[0].splitlines()
    return {name: cells for name, *cells in ([*map(str.strip, line.strip("|").split("|"))] for line in lines)}


def points() -> list[Point]:
    """Returns the rows of the published student that have an SRCC; PyTorch is what others are compared with.

    Rounded to the digits of the tables.
    """
    ranked = {name: cells[2] for name, cells in rows("precision.md", "For each format").items()} | {
        EAGER: "1"
    }
    return [
        Point(name, number(cells[0], "ms"), float(ranked[name]), round(number(cells[5], "MB") * 1e6))
        for name, cells in rows("performance.md", "## The published student").items()
        if name in ranked and cells[0].endswith("ms")
    ]


def number(cell: str, unit: str) -> float:
    """Returns what stands before a unit."""
    return float(cell.removesuffix(unit))


def draw(figure: Figure) -> None:
    """Draws the points on an empty figure."""
    draw_points(figure, points(), "with the scores of the network as trained", threads=2)


def main() -> None:
    """Writes the picture."""
    _, vector = save(draw, DOCS / "plots" / "pareto")
    vector.unlink()


if __name__ == "__main__":
    main()
