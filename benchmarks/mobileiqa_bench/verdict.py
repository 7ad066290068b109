"""Whether a result may be quoted: the rules of a valid measurement, which every program here shares.

The script for boards and the Android app have copies of their own; tests/vectors/verdict.json holds all three
to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from .schema import Accuracy, Distribution, Reason, ReasonKind, Result, Thermal, Verdict

FEWEST_RUNS: Final = 1024
FEWEST_SECONDS: Final = 60.0
"""Seconds of counted inferences that are enough, however few they are."""
LEAST_COOL_DOWN: Final = 30.0
"""Seconds without work before each process."""
WIDEST_SPREAD: Final = 0.1
"""Largest MAD of the counted inferences, divided by their median."""
MOST_SLOWDOWN: Final = 0.1
"""By how much the last quarter of the inferences may be slower than the first."""
FLAGS: Final[tuple[ReasonKind, ...]] = (
    "verification", "throttled", "other-load", "steal", "run-queue", "capped", "background", "battery-saver",
    "emulated",
)  # fmt: skip
"""Flags that make a result invalid; other flags do not."""


def judge(result: Result) -> Verdict:
    """Returns whether a result is valid, and every reason why not; docs/benchmark.md has the rules."""
    reasons: dict[ReasonKind, Reason] = {}
    for reason in (*_measured(result), *_flagged(result)):
        reasons.setdefault(reason.kind, reason)
    return Verdict(valid=not reasons, reasons=tuple(reasons.values()))


def largest_difference(accuracy: Accuracy) -> float | None:
    """Returns the largest difference between a score and its reference; None without a reference."""
    if accuracy.reference is None or len(accuracy.reference) != len(accuracy.scores):
        return None
    return max(abs(one - other) for one, other in zip(accuracy.scores, accuracy.reference, strict=True))


def _measured(result: Result) -> Iterator[Reason]:
    if result.error is not None or result.seconds is None:
        yield Reason(kind="error", text=result.error or "nothing was measured")
        return
    yield from _timed(result.seconds.inference)
    if result.golden is not None:
        if not result.golden.ok:
            yield Reason(kind="golden", text="the golden score is wrong")
        yield from _accurate(result.accuracy)
    if result.thermal is not None:
        yield from _warm(result.thermal)
    if result.cool_down_seconds < LEAST_COOL_DOWN:
        yield Reason(
            kind="cool-down",
            text=f"{result.cool_down_seconds:g} s without work before a run; "
            f"{LEAST_COOL_DOWN:g} s are required",
        )
    if result.unit is not None and result.unit.used != result.unit.declared:
        yield Reason(kind="unit", text=f"{result.unit.used} ran in place of {result.unit.declared}")


def _timed(inference: Distribution) -> Iterator[Reason]:
    values = inference.values
    if len(values) < FEWEST_RUNS and sum(values) < FEWEST_SECONDS:
        yield Reason(
            kind="runs",
            text=f"{len(values)} runs in {sum(values):.1f} s; {FEWEST_RUNS} runs or {FEWEST_SECONDS:g} s "
            "are required",
        )
    if inference.mad > WIDEST_SPREAD * inference.median:
        yield Reason(kind="spread", text=f"MAD is {inference.mad / inference.median:.0%} of the median")
    quarter = len(values) // 4
    if quarter:
        slower = median(values[-quarter:]) / median(values[:quarter]) - 1
        if slower > MOST_SLOWDOWN:
            yield Reason(kind="slowdown", text=f"the last quarter of the runs was {slower:.0%} slower")


def _accurate(accuracy: Accuracy | None) -> Iterator[Reason]:
    if accuracy is None:
        yield Reason(kind="accuracy", text="the set of pictures was not scored")
        return
    largest = largest_difference(accuracy)
    if largest is None:
        yield Reason(kind="accuracy", text="the scores of the pictures were not compared with Python's")
    elif largest > accuracy.tolerance:
        yield Reason(
            kind="accuracy",
            text=f"a score differs from Python's by {largest:.2g}; {accuracy.tolerance:.2g} is allowed",
        )


def _warm(thermal: Thermal) -> Iterator[Reason]:
    highest = max(thermal.status_before or 0, thermal.status_after or 0)
    if highest:
        yield Reason(kind="hot", text=f"the thermal status reached {highest}")


def _flagged(result: Result) -> Iterator[Reason]:
    for flag in result.flags:
        name, _, text = flag.partition(":")
        for kind in FLAGS:
            if name == kind:
                yield Reason(kind=kind, text=text.strip())
