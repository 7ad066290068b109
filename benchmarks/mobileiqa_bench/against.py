"""Chooses the result that others are compared with, and computes ratios to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .errors import BaselineUnknown
from .schema import Distribution, Interval, RatioTo, Result
from .stats import Ratio, block_medians, paired_ratio, unpaired_ratio


class Ratios(NamedTuple):
    """A result divided by its baseline: time of an inference, peak resident memory; None if unknown."""

    time: Ratio | None
    memory: float | None

    def to_part(self, label: str) -> RatioTo:
        """Returns them as they are stored in the file; ``label`` is that of the baseline."""
        interval = None if self.time is None else Interval(**self.time._asdict())
        return RatioTo(to=label, time=interval, peak_rss=self.memory)


def find_label(labels: Sequence[str], name: str) -> str:
    """Returns the label that is the name, or else the only one that contains it.

    Raises:
        BaselineUnknown: no label contains the name, or several do.
    """
    distinct = list(dict.fromkeys(labels))
    matching = [label for label in distinct if label == name]
    matching = matching or [label for label in distinct if name.lower() in label.lower()]
    if len(matching) != 1:
        problem = f"may be {' or '.join(matching)}" if matching else "does not match any configuration"
        raise BaselineUnknown(f"the baseline {name!r} {problem}; choose from {'; '.join(distinct)}")
    return matching[0]


def baselines(results: Sequence[Result], name: str | None) -> list[Result | None]:
    """Returns the result that each result is compared with, or None.

    Args:
        results: of one benchmark.
        name: of the baseline, for :func:`find_label`; None takes the first result that did not fail. If it
            was measured on several numbers of threads, each result gets the one on its own number.

    Raises:
        BaselineUnknown: see :func:`find_label`. A baseline that failed is not an error.
    """
    if name is None:
        label = next((row.label for row in results if row.error is None), None)
    else:
        label = find_label([row.label for row in results], name)
    running = {row.threads: row for row in results if row.label == label and row.error is None}
    only = next(iter(running.values())) if len(running) == 1 else None
    return [running.get(row.threads, only) for row in results]


def ratios(row: Result, baseline: Result | None, *, same_run: bool = True) -> Ratios:
    """Returns the ratios of a result to its baseline, measured in the same run or in another one."""
    if baseline is None:
        return Ratios(None, None)
    time = Ratio(1.0, None, None) if row is baseline else None
    if row is not baseline and row.seconds and baseline.seconds:
        one, other = row.seconds.inference, baseline.seconds.inference
        time = _time(one, other, same_run)
    peaks = [entry.memory.peak_rss_bytes if entry.memory else None for entry in (row, baseline)]
    memory = peaks[0] / peaks[1] if peaks[0] and peaks[1] else None
    return Ratios(time, memory)


def _time(one: Distribution, other: Distribution, same_run: bool) -> Ratio:
    if same_run and one.rounds and len(one.rounds) == len(other.rounds):
        return paired_ratio(one.rounds, other.rounds)
    return unpaired_ratio(block_medians(one), block_medians(other))
