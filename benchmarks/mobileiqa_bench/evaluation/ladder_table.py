"""The ladders as text, with a Markdown table that reads well in a terminal too."""

from __future__ import annotations

from ..tables import write_table
from ..units import count
from .distortions import DISTORTIONS
from .ladders import JPEG_QUALITY, STEPS, VISIBLE_DROP, Ladders


def write_ladder_table(ladders: Ladders) -> str:
    """Returns a line on what was done, a table of the mean scores, and four more figures."""
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
    where = f"at the model's {ladders.input_size}" if ladders.mode == "input" else "at the photos' own size"
    return "\n".join(
        [
            f"mean scores of {count(len(ladders.climbs), 'photo')}, distorted {where}, by step; "
            f"visible: more than {VISIBLE_DROP} lost",
            "",
            write_table(header, rows, "l" + "r" * (STEPS + 1) + "l"),
            "",
            f"horizontal flip          mean |difference| {ladders.flip_difference:.4f}",
            f"re-encoding at JPEG {JPEG_QUALITY}   mean |difference| {ladders.jpeg_difference:.4f}",
            f"at half resolution       SRCC with the originals {ladders.srcc_half:.4f}",
            f"at a quarter             SRCC with the originals {ladders.srcc_quarter:.4f}",
        ]
    )


def _strength(name: str, step: int | None) -> str:
    return "never" if step is None else f"step {step}: {DISTORTIONS[name].steps[step - 1]:g}"
