"""Reasons to doubt a figure: ``name: what was observed``. docs/benchmark.md lists the names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from .counters import Load
from .schema import Result

FEWEST_ROUNDS = 5
WIDEST_SPREAD = 0.1
"""Largest interquartile range of the rounds' medians, divided by their median."""
MOST_OTHERS = 0.05
"""Largest share of the CPUs that other processes, or other guests of the hypervisor, may take."""
MOST_WAITING = 0.5
"""Largest mean number of processes that may wait for a CPU between measurements."""
MOST_LOADAVG = 0.5
"""Largest load average per CPU at the start."""
SCORES_APART = 0.01
"""Difference between the scores of two engines that rounding does not explain."""


def of_result(result: Result, load: Load, rounds: int) -> list[str]:
    """Returns the reasons to doubt the figures of one configuration."""
    return [*_of_load(load), *_of_rounds(result, rounds), *_of_golden(result)]


def of_run(environment: dict[str, Any], load: Load, most_threads: int) -> list[str]:
    """Returns the reasons to doubt the whole benchmark."""
    return [*_of_environment(environment, most_threads), *_of_load(load)]


def of_failures(failures: Sequence[str]) -> list[str]:
    """Returns the flag of an artifact that was kept although it failed verification; nothing for others."""
    if not failures:
        return []
    return [f"verification: failed when it was exported: {'; '.join(failures)}"]


def is_failed(result: Result) -> bool:
    """Returns whether a configuration could not be measured, or its scores are not to be believed.

    They are not if it scored the golden image wrong, or failed verification when it was exported.
    """
    if result.error is not None or (result.golden is not None and not result.golden.ok):
        return True
    return "verification" in names(result.flags)


def with_other_scores(results: Sequence[Result]) -> list[Result]:
    """Returns the results; those that score differently from the first of the same artifact get a flag.

    Results with a golden score are judged by that instead.
    """
    first: dict[str, Result] = {}
    flagged = []
    for result in results:
        if result.score is not None:
            expected = first.setdefault(result.artifact, result)
            if result.golden is None and expected.score is not None:
                result = _compared(result, result.score, expected.label, expected.score)
        flagged.append(result)
    return flagged


def _compared(result: Result, score: float, label: str, expected: float) -> Result:
    if abs(score - expected) <= SCORES_APART:
        return result
    flag = f"score: {score:.4f}, where {label!r} gives {expected:.4f}"
    return msgspec.structs.replace(result, flags=(*result.flags, flag))


def names(flags: Sequence[str]) -> list[str]:
    """Returns the names of the flags."""
    return [flag.partition(":")[0] for flag in flags]


def _of_load(load: Load) -> Iterator[str]:
    if load.total:
        if (share := load.others / load.total) > MOST_OTHERS:
            yield f"other-load: other processes used {share:.0%} of the CPUs"
        if (share := load.stolen / load.total) > MOST_OTHERS:
            yield f"steal: the hypervisor gave {share:.0%} of the CPUs to others"
    if load.waiting and (mean := sum(load.waiting) / len(load.waiting)) > MOST_WAITING:
        yield f"run-queue: {mean:.1f} other processes waited for a CPU between measurements"
    if load.throttled:
        yield f"throttled: CPUs slowed down for their temperature {load.throttled} times"
    if load.capped:
        yield f"capped: the control group used up its CPU share {load.capped} times"


def _of_rounds(result: Result, rounds: int) -> Iterator[str]:
    if rounds < FEWEST_ROUNDS:
        yield f"rounds: {rounds}, fewer than {FEWEST_ROUNDS}"
    medians = result.seconds.inference.rounds if result.seconds else ()
    if len(medians) > 1:
        low, middle, high = np.percentile(medians, (25, 50, 75))
        if (spread := (high - low) / middle) > WIDEST_SPREAD:
            yield f"spread: the middle half of the rounds lies {spread:.0%} apart"


def _of_golden(result: Result) -> Iterator[str]:
    golden = result.golden
    if golden and not golden.ok:
        yield f"golden: scored {golden.score:.4f}, expected {golden.expected:.4f}"


def _of_environment(environment: dict[str, Any], most_threads: int) -> Iterator[str]:
    governor, loadavg, cpus = (environment[key] for key in ("governor", "loadavg", "cpus"))
    if governor is not None and governor != "performance":
        yield f"governor: {governor}, not performance"
    if loadavg and cpus and loadavg[0] / cpus > MOST_LOADAVG:
        yield f"loadavg: {loadavg[0]:.2f} on {cpus} CPUs at the start"
    if cpus and most_threads > cpus:
        yield f"threads: {most_threads} on {cpus} CPUs"
