"""The ladders as text: a table that reads well in a terminal and is one in Markdown too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .distortions import DISTORTIONS
from .ladders import JPEG_QUALITY, STEPS, VISIBLE_DROP, Ladders


def ladder_table(ladders: Ladders) -> str:
    """A line of what was done, the mean scores in Markdown, aligned, and four more figures."""
    ordered, visible = ladders.ordered_by_distortion, ladders.visible_from
    header = ("distortion", *map(str, range(STEPS)), "in order", "visible from")
    rows = [
        (
            f"{name} ({DISTORTIONS[name].unit})",
            *(f"{score:.3f}" for score in mean),
            f"{ordered[name]:.1%}",
            _strength(name, visible[name]),
        )
        for name, mean in ladders.mean.items()
    ]
    rows.append(("all", *[""] * STEPS, f"{ladders.ordered:.1%}", ""))
    height, width = ladders.input_size
    where = f"at the model's {height}x{width}" if ladders.mode == "input" else "at the photos' own size"
    return "\n".join(
        [
            f"mean scores of {len(ladders.climbs)} photos, distorted {where}, by step; "
            f"visible: more than {VISIBLE_DROP} lost",
            "",
            *_markdown(header, rows),
            "",
            f"horizontal flip          mean |difference| {ladders.flip_difference:.4f}",
            f"re-encoding at JPEG {JPEG_QUALITY}   mean |difference| {ladders.jpeg_difference:.4f}",
            f"at half resolution       SRCC with the originals {ladders.srcc_half:.4f}",
            f"at a quarter             SRCC with the originals {ladders.srcc_quarter:.4f}",
        ]
    )


def _strength(name: str, step: int | None) -> str:
    return "never" if step is None else f"step {step}: {DISTORTIONS[name].steps[step - 1]:g}"


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    wide = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for number, row in enumerate((header, *rows)):
        first, *middle, last = row
        cells = [first.ljust(wide[0]), *map(str.rjust, middle, wide[1:]), last.ljust(wide[-1])]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            ends = [
                f"{'-' * (wide[0] + 2)}",
                *("-" * (w + 1) + ":" for w in wide[1:-1]),
                "-" * (wide[-1] + 2),
            ]
            yield f"|{'|'.join(ends)}|"
