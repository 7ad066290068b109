"""Which result the others are compared with, and the ratios to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .errors import BaselineUnknown
from .schema import Distribution, RatioTo, Result
from .stats import Ratio, block_medians, paired_ratio, unpaired_ratio


class Ratios(NamedTuple):
    """A result over its baseline: time of an inference, peak resident memory; None where one is not known."""

    time: Ratio | None
    memory: float | None

    def to_dict(self, label: str) -> RatioTo:
        """As the file keeps it; ``label`` is the baseline's."""
        time = self.time
        interval = time and {"value": time.value, "low": time.low, "high": time.high}
        return {"to": label, "time": interval, "peak_rss": self.memory}  # type: ignore[typeddict-item]


def find_label(labels: Sequence[str], name: str) -> str:
    """The label that is meant, by itself or by a part. Raises BaselineUnknown: none is, or several are."""
    known = list(dict.fromkeys(labels))
    meant = [label for label in known if label == name]
    meant = meant or [label for label in known if name.lower() in label.lower()]
    if len(meant) != 1:
        what = f"may be {' or '.join(meant)}" if meant else "is none"
        raise BaselineUnknown(f"the baseline {name!r} {what} of the configurations: {'; '.join(known)}")
    return meant[0]


def baselines(results: Sequence[Result], name: str | None) -> list[Result | None]:
    """For each result the one it is compared with, on its own number of threads where there are several.

    `wanted` is for :func:`find_label`; None means the first that did not fail. A baseline that failed leaves
    the others without one. Raises BaselineUnknown.
    """
    if name is None:
        label = next((row["label"] for row in results if row["error"] is None), None)
    else:
        label = find_label([row["label"] for row in results], name)
    running = {row["threads"]: row for row in results if row["label"] == label and row["error"] is None}
    only = next(iter(running.values())) if len(running) == 1 else None
    return [running.get(row["threads"], only) for row in results]


def ratios(row: Result, baseline: Result | None, *, same_run: bool = True) -> Ratios:
    """Of a result to another, of the same run or of different ones."""
    if baseline is None:
        return Ratios(None, None)
    time = Ratio(1.0, None, None) if row is baseline else None
    if row is not baseline and row["seconds"] and baseline["seconds"]:
        one, other = row["seconds"]["inference"], baseline["seconds"]["inference"]
        time = _time(one, other, same_run)
    peaks = [entry["memory"]["peak_rss_bytes"] if entry["memory"] else None for entry in (row, baseline)]
    return Ratios(time, peaks[0] / peaks[1] if peaks[0] and peaks[1] else None)


def _time(one: Distribution, other: Distribution, same_run: bool) -> Ratio:
    rounds, others = one.get("rounds"), other.get("rounds")
    if same_run and rounds and others and len(rounds) == len(others):
        return paired_ratio(rounds, others)
    return unpaired_ratio(block_medians(one), block_medians(other))
