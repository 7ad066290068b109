"""A verdict, time and memory as Markdown, for the report of an export and of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from math import inf

from ..photographs import Skipped
from ..tables import write_table
from .drift import CLEAR, CLOSE, Flips
from .scoring import ImageScore
from .timing import Timing
from .verdict import Verdict

_LARGEST = 10
"""Images listed with their differences."""


def drift_section(verdict: Verdict) -> str:
    """Returns how the scores differ, and over which images."""
    drift = verdict.drift
    figures = [
        ("largest difference", number(drift.max_difference, ".2e")),
        ("mean difference", number(drift.mean_difference, ".2e")),
        ("SRCC", number(drift.srcc, ".5f")),
        ("PLCC", number(drift.plcc, ".5f")),
        ("KRCC", number(drift.krcc, ".5f")),
        ("pairs in another order", _flips(drift.flips)),
        (f"of those closer than {CLOSE}", _flips(drift.flips_close)),
        (f"of those further apart than {CLEAR}", _flips(drift.flips_clear)),
    ]
    bands = [(row.band, str(row.images), f"{row.mean:.2e}", f"{row.max:.2e}") for row in drift.bands]
    sections = [
        f"{drift.images} images ({verdict.source}); the reference's scores span {drift.spread:.3f}, and "
        f"{drift.informative} images say something about the ranking.",
        write_table(("", ""), figures, "lr"),
        write_table(("scores", "images", "mean difference", "largest"), bands, "lrrr"),
    ]
    if drift.not_judged:
        sections.append(f"The ranking was not judged: {drift.not_judged}.")
    return "\n\n".join(sections)


def others_section(verdict: Verdict) -> str:
    """Returns how the answers beside the score differ; empty without any."""
    if not verdict.others:
        return ""
    rows = [
        (
            name,
            f"{drift.spread:.3f}",
            number(drift.mean_difference, ".1e"),
            number(drift.max_difference, ".1e"),
            number(drift.srcc, ".4f"),
            _flips(drift.flips_clear),
        )
        for name, drift in verdict.others.items()
    ]
    header = ("answer", "span", "mean difference", "largest", "SRCC", f"pairs over {CLEAR} flipped")
    return write_table(header, rows, "lrrrrr")


def largest_differences(scores: Sequence[ImageScore]) -> str:
    """Returns the images that differ most; unanswered ones come first."""
    largest = nlargest(_LARGEST, scores, key=lambda row: inf if row.difference is None else row.difference)
    rows = [
        (
            row.image,
            f"{row.reference:.6f}",
            number(row.artifact, ".6f", "no score"),
            number(row.difference, ".1e", ""),
        )
        for row in largest
    ]
    return write_table(("image", "reference", "artifact", "difference"), rows, "lrrr")


def timing_section(timing: Timing, other: str) -> str:
    """Returns time and memory beside those of another artifact."""
    rows = [
        ("time of one inference", f"{timing.milliseconds:.1f} ms", _ratio(timing.latency_ratio)),
        ("peak resident memory", f"{timing.peak_mb:.0f} MB", _ratio(timing.memory_ratio)),
    ]
    verdicts = {
        True: f"**Slower than {other} on this machine.**",
        False: f"Faster than {other} here.",
        None: f"Neither slower nor faster than {other}: rounds disagree.",
    }
    return (
        f"{write_table(('', '', f'to {other}'), rows, 'lrr')}\n\n"
        f"{verdicts[timing.slower]} "
        f"{timing.threads} threads, {timing.rounds} rounds of fresh processes in turn; ratios are "
        "within a round, with the smallest and the largest."
    )


def skipped_section(skipped: Sequence[Skipped]) -> str:
    """Returns a table of the photos that were left out; empty if there are none."""
    if not skipped:
        return ""
    return write_table(("left out", "why"), [(row.photo, row.reason) for row in skipped], "ll")


def number(value: float | None, spec: str, missing: str = "undefined") -> str:
    """Returns a number in the given format, or ``missing`` for None."""
    return missing if value is None else format(value, spec)


def _flips(flips: Flips) -> str:
    return f"{flips.flipped} of {flips.pairs} ({flips.share:.2%})"


def _ratio(values: tuple[float, float, float]) -> str:
    return f"{values[0]:.2f} ({values[1]:.2f} to {values[2]:.2f})"
