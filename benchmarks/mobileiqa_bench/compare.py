"""Two benchmark files side by side: ratios for what both measured, and how the machines differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from .against import ratios
from .schema import Document, Result
from .stats import Ratio
from .summary import list_flags, name_of
from .tables import write_table
from .units import megabytes, milliseconds
from .verdict import largest_difference

_NOT_COMPARED = ("loadavg", "temperature_c", "command", "threads", "throughput", "processes", "timeout")
"""Keys that differ each time (flags say if it matters), and keys that do not change a ratio."""


@dataclass(frozen=True)
class Pair:
    """One configuration in both files: the second's time and peak memory over the first's.

    `scores` is the largest difference between their scores of the set of pictures; None if either has none.
    """

    before: Result
    after: Result
    time: Ratio | None
    memory: float | None
    scores: float | None

    @property
    def threads(self) -> str:
        """Their number of threads; both numbers if they differ."""
        numbers = dict.fromkeys((self.before.threads, self.after.threads))
        return " and ".join(map(str, numbers))

    @property
    def verdict(self) -> str:
        """Whether the second is faster or slower, as far as the interval shows."""
        for row, name in ((self.before, "first"), (self.after, "second")):
            if row.error:
                return f"failed in the {name}"
        if self.time is None or self.time.low is None or self.time.high is None:
            return "one round: no interval"
        if self.time.low <= 1 <= self.time.high:
            return "no difference seen"
        return "faster" if self.time.high < 1 else "slower"


@dataclass(frozen=True)
class Comparison:
    """Two files, configuration by configuration.

    Attributes:
        pairs: configurations of the same label and thread count, in the first file's order. Phones use other
            labels and thread counts, so the rest is matched by the model file's digest; then by model,
            version, runtime and precision, both with the same number of threads; finally by the digest
            with any number. Only unique matches count.
        alone: labels that only one of the files has.
        differences: of the environments and settings, a sentence each: reasons not to believe the ratios.
        flags: (what it is about, flag) of either file, for the whole run or one of the pairs.
    """

    pairs: list[Pair]
    alone: list[str]
    differences: list[str]
    flags: list[tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return {
            "schema": 1,
            "kind": "mobileiqa-benchmark-comparison",
            "pairs": [
                {
                    "label": pair.before.label,
                    "threads": pair.before.threads,
                    "threads_after": pair.after.threads,
                    "time": pair.time._asdict() if pair.time else None,
                    "peak_rss": pair.memory,
                    "scores": pair.scores,
                    "verdict": pair.verdict,
                }
                for pair in self.pairs
            ],
            "alone": self.alone,
            "differences": self.differences,
            "flags": [f"{subject}: {flag}" for subject, flag in self.flags],
        }

    def table(self, *, markdown: bool = False) -> str:
        """Returns the comparison as text; warnings come first, since they decide whether the rest counts."""
        bullet = "- " if markdown else "! "
        warnings = [bullet + text for text in self.differences]
        if self.flags:
            warnings.append(list_flags(self.flags, markdown=markdown))
        header = [
            "configuration", "threads", "first", "second", "second/first", "peak RSS", "", "ratio",
            "scores apart", "",
        ]  # fmt: skip
        rows = [_row(pair) for pair in self.pairs]
        table = "no configuration is in both files"
        if rows:
            table = write_table(header, rows, "lrrrrrrrrl", markdown=markdown)
        alone = [f"only in the {text}" for text in self.alone]
        return "\n\n".join(part for part in ("\n".join(warnings), table, "\n".join(alone)) if part)


def compare_documents(first: Document, second: Document) -> Comparison:
    """Compares the configurations that two files share; their rounds are independent of each other."""
    partners = _partners(first.results, second.results)
    pairs = []
    for index, before in enumerate(first.results):
        if index in partners:
            after = second.results[partners[index]]
            ratio = ratios(after, before, same_run=False)
            pairs.append(Pair(before, after, ratio.time, ratio.memory, _scores_apart(before, after)))
    alone = [f"first: {name_of(row)}" for index, row in enumerate(first.results) if index not in partners]
    paired = set(partners.values())
    alone += [f"second: {name_of(row)}" for index, row in enumerate(second.results) if index not in paired]
    machines = (
        _environment(first, [pair.before for pair in pairs]),
        _environment(second, [pair.after for pair in pairs]),
    )
    differences = [
        *_different("environment", *machines),
        *_different("settings", first.settings, second.settings),
    ]
    flags = [
        *_flags("first", first, [pair.before for pair in pairs]),
        *_flags("second", second, [pair.after for pair in pairs]),
    ]
    return Comparison(pairs, alone, differences, flags)


def _scores_apart(before: Result, after: Result) -> float | None:
    one, other = before.accuracy, after.accuracy
    if one is None or other is None or one.pictures != other.pictures:
        return None
    return largest_difference(msgspec.structs.replace(one, reference=other.scores))


def _environment(document: Document, rows: Sequence[Result]) -> dict[str, Any]:
    """Returns that of the machine that the rows were measured on: a phone's, if all are of phones."""
    phones = [row.environment for row in rows if row.environment is not None]
    return phones[0] if phones and len(phones) == len(rows) else document.environment


def _partners(first: Sequence[Result], second: Sequence[Result]) -> dict[int, int]:
    """Returns the index of each result of the first file -> that of the same configuration in the second."""
    partners: dict[int, int] = {}
    for key_of in (_labelled, _same_file, _measured, _same_file_on_any_threads):
        left = [index for index in range(len(first)) if index not in partners]
        right = [index for index in range(len(second)) if index not in partners.values()]
        keys = [key_of(first[index]) for index in left], [key_of(second[index]) for index in right]
        for index, key in zip(left, keys[0], strict=True):
            if None not in key and keys[0].count(key) == keys[1].count(key) == 1:
                partners[index] = right[keys[1].index(key)]
    return partners


def _labelled(row: Result) -> tuple[object, ...]:
    return row.label, row.threads


def _same_file(row: Result) -> tuple[object, ...]:
    return *_same_file_on_any_threads(row), row.threads


def _same_file_on_any_threads(row: Result) -> tuple[object, ...]:
    return row.sha256, row.runtime


def _measured(row: Result) -> tuple[object, ...]:
    return row.model, row.version, row.runtime, row.precision, row.threads


def _different(subject: str, first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for key in sorted(first.keys() | second.keys()):
        one, other = first.get(key), second.get(key)
        if key in _NOT_COMPARED or one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict) and ":" not in subject:
            yield from _different(f"{subject}: {key}", one, other)
        else:
            yield f"{subject}: {key} is {_shown(one)} in the first, {_shown(other)} in the second"


def _shown(value: Any) -> str:
    text = "not known" if value is None else str(value)
    return text if len(text) <= 100 else text[:100] + "..."


def _flags(which: str, document: Document, rows: Sequence[Result]) -> Iterator[tuple[str, str]]:
    yield from ((which, flag) for flag in document.flags)
    for row in rows:
        yield from ((f"{which}: {name_of(row)}", flag) for flag in row.flags)
        if document.settings.get("official") is True and row.verdict is not None and not row.verdict.valid:
            kinds = ", ".join(reason.kind for reason in row.verdict.reasons)
            yield f"{which}: {name_of(row)}", f"not valid: {kinds}"


def _row(pair: Pair) -> list[str]:
    seconds = [row.seconds for row in (pair.before, pair.after)]
    memory = [row.memory for row in (pair.before, pair.after)]
    return [
        pair.before.label,
        pair.threads,
        *(milliseconds(one.inference.median) if one else "" for one in seconds),
        str(pair.time) if pair.time else "",
        *(megabytes(one.peak_rss_bytes) if one else "" for one in memory),
        f"{pair.memory:.3f}" if pair.memory else "",
        "" if pair.scores is None else f"{pair.scores:.1e}",
        pair.verdict,
    ]
