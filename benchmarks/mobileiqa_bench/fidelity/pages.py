"""Drift, time and memory as Markdown, for the report of an export and of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import Any

from ..photographs import Skipped
from .drift import CLEAR, CLOSE, Drift, Flips, ranking_is_judged
from .parity import Parity
from .timing import Timing

WORST = 10


def drift_section(found: Drift, source: str) -> str:
    """How the scores differ, over which images."""
    lines = [
        f"{found.images} images ({source}), which the reference scores up to {found.spread:.3f} apart.",
        "",
        "| | |",
        "|---|--:|",
        f"| largest difference | {found.max_difference:.2e} |",
        f"| mean difference | {found.mean_difference:.2e} |",
        *(f"| {name} | {_correlation(value)} |" for name, value in _correlations(found)),
        f"| pairs in another order | {_flips(found.flips)} |",
        f"| of those closer than {CLOSE} | {_flips(found.flips_close)} |",
        f"| of those further apart than {CLEAR} | {_flips(found.flips_clear)} |",
        "",
        "| scores | images | mean difference | largest |",
        "|---|--:|--:|--:|",
        *(f"| {row.band} | {row.images} | {row.mean:.2e} | {row.max:.2e} |" for row in found.bands),
    ]
    if not ranking_is_judged(found):
        lines += ["", f"No two images are {CLEAR} apart in the reference: the ranking was not judged."]
    return "\n".join(lines)


def parity_section(parity: Sequence[Parity]) -> str:
    """The images with the largest differences."""
    rows = nlargest(WORST, parity, key=lambda entry: entry.difference)
    lines = ["| image | reference | artifact | difference |", "|---|---|---|---|"]
    lines += [
        f"| {_cell(entry.image)} | {entry.reference:.6f} | {entry.artifact:.6f} | {entry.difference:.1e} |"
        for entry in rows
    ]
    return "\n".join(lines)


def timing_section(timing: Timing, other: str) -> str:
    """Time and memory beside those of another artifact."""
    verdict = f"**Slower than {other} on this machine.**" if timing.slower else f"Faster than {other} here."
    return "\n".join(
        [
            f"| | | to {other} |",
            "|---|--:|--:|",
            f"| time of one inference | {timing.milliseconds:.1f} ms | {_ratio(timing.latency_ratio)} |",
            f"| peak resident memory | {timing.peak_mb:.0f} MB | {_ratio(timing.memory_ratio)} |",
            "",
            f"{verdict} {timing.threads} threads, {timing.rounds} rounds of fresh processes in turn; "
            "ratios are within a round, with the smallest and the largest.",
        ]
    )


def skipped_section(skipped: Sequence[Skipped]) -> str:
    """Photos that were left out, a row each; empty where there are none."""
    if not skipped:
        return ""
    rows = "".join(f"\n| {_cell(row.photo)} | {_cell(row.reason)} |" for row in skipped)
    return f"| left out | why |\n|---|---|{rows}"


def figures(found: Drift) -> dict[str, Any]:
    """The shares that :class:`Flips` works out, for JSON."""
    return {
        name: {"pairs": flips.pairs, "flipped": flips.flipped, "share": flips.share}
        for name, flips in (
            ("flips", found.flips),
            ("flips_close", found.flips_close),
            ("flips_clear", found.flips_clear),
        )
    }


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _correlations(found: Drift) -> list[tuple[str, float | None]]:
    return [("SRCC", found.srcc), ("PLCC", found.plcc), ("KRCC", found.krcc)]


def _correlation(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.5f}"


def _flips(flips: Flips) -> str:
    return f"{flips.flipped} of {flips.pairs} ({flips.share:.2%})"


def _ratio(values: tuple[float, float, float]) -> str:
    return f"{values[0]:.2f} ({values[1]:.2f} to {values[2]:.2f})"
