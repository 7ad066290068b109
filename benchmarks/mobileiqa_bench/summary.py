"""A benchmark as a table, for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from mobileiqa_sdk._text import one_line

from .against import Ratios, baselines, ratios
from .flags import names
from .schema import Document, Memory, Result, Seconds
from .tables import write_table
from .units import count, megabytes, milliseconds

_Figure = Literal["median", "p90", "p99", "min", "mad"]


_MEDIAN = "median"


class _Line(NamedTuple):
    """What a row is made from."""

    result: Result
    ratios: Ratios


class _Column(NamedTuple):
    """A column: its cells for a result, its alignment, and whether a Markdown table has it too."""

    title: str
    cell: Callable[[_Line], str]
    align: str = "r"
    in_markdown: bool = True


def summary_table(document: Document, baseline: str | None = None, *, markdown: bool = False) -> str:
    """Returns the results with ratios to the baseline, the flags, and the machine, as text.

    On a terminal there are three tables: of the inference, of the other steps, of memory and throughput. In
    Markdown there is one. Columns without any value are left out; so are details in Markdown.

    Raises:
        BaselineUnknown: see :func:`mobileiqa_bench.against.find_label`.
    """
    others = baselines(document.results, baseline)
    lines = [_Line(row, ratios(row, other)) for row, other in zip(document.results, others, strict=True)]
    title = next((f"to {other.label}" for other in others if other), "to the baseline")
    groups = [_names(), _inference(title), _steps(), _memory_and_rate()]
    if markdown:
        groups = [groups[0], [column for group in groups[1:] for column in group]]
    tables = [_table(lines, groups[0], group, markdown) for group in groups[1:]]
    parts = (
        *tables,
        _list_verdicts(document, markdown) if document.settings.get("official") is True else "",
        _list_all_flags(document, markdown),
        describe_machine(document),
    )
    return "\n\n".join(part for part in parts if part)


def _table(
    lines: Sequence[_Line], first: Sequence[_Column], others: Sequence[_Column], markdown: bool
) -> str:
    """Returns a table of the columns that have values; empty if none of ``others`` has."""
    used = [column for column in others if _is_used(column, lines, markdown)]
    if not used and others[0].title != _MEDIAN:
        return ""
    columns = [*first, *(used or others[:1])]
    return write_table(
        [column.title for column in columns],
        [_cells(line, columns) for line in lines],
        "".join(column.align for column in columns),
        markdown=markdown,
    )


def _list_verdicts(document: Document, markdown: bool) -> str:
    """Returns a line for each result that says whether it is valid, or every reason why it is not."""
    lines = []
    for row in document.results:
        verdict = row.verdict
        if verdict is None or verdict.valid:
            judged = "valid" if verdict else "not judged"
        else:
            judged = "not valid: " + "; ".join(f"{one.kind} ({one.text})" for one in verdict.reasons)
        lines.append(("- " if markdown else "") + one_line(f"{name_of(row)}: {judged}"))
    return "\n".join(lines)


def list_flags(raised: Sequence[tuple[str, str]], *, markdown: bool = False) -> str:
    """Returns a line for each name of a flag, with the first of its sentences; each failure has its own.

    Args:
        raised: pairs of what a flag is about, and the flag.
        markdown: as a list in Markdown.
    """
    by_name: dict[str, list[tuple[str, str]]] = {}
    for subject, flag in raised:
        name = flag if flag.startswith("failed") else flag.partition(":")[0]
        by_name.setdefault(name, []).append((subject, flag))
    bullet = "- " if markdown else "! "
    lines = []
    for (subject, flag), *others in by_name.values():
        more = f"; likewise {len(others)} more" if others else ""
        lines.append(bullet + one_line(f"{flag} ({subject}{more})"))
    return "\n".join(lines)


def name_of(row: Result) -> str:
    """Returns label and threads, which name a result; some programs write both into the label."""
    threads = count(row.threads, "thread")
    return row.label if row.label.endswith(threads) else f"{row.label}, {threads}"


def describe_machine(document: Document) -> str:
    """Returns machine, software and settings in one line."""
    environment, settings = document.environment, document.settings
    packages = environment.get("packages")
    versions = packages if isinstance(packages, dict) else {}
    cpus, rounds, photo = environment.get("cpus"), settings.get("rounds"), settings.get("photo")
    parts = [
        environment.get("cpu"),
        count(cpus, "CPU") if cpus else None,
        environment.get("system") or environment.get("os"),
        *(f"{name} {versions[name]}" for name in ("onnxruntime", "torch") if name in versions),
        count(rounds, "round") if rounds else None,
        f"photo {PurePath(str(photo)).name}" if photo else "golden image",
    ]
    return one_line("; ".join(str(part) for part in parts if part))


def _list_all_flags(document: Document, markdown: bool) -> str:
    raised = [("this run", flag) for flag in document.flags]
    raised += [(name_of(row), flag) for row in document.results for flag in row.flags]
    raised += [(name_of(row), f"failed: {row.error}") for row in document.results if row.error is not None]
    return list_flags(raised, markdown=markdown)


def _names() -> list[_Column]:
    return [
        _Column("configuration", lambda line: line.result.label, align="l"),
        _Column("threads", lambda line: str(line.result.threads)),
    ]


def _inference(baseline: str) -> list[_Column]:
    return [
        _Column(_MEDIAN, _step("inference", "median")),
        _Column("p90", _step("inference", "p90")),
        _Column("p99", _step("inference", "p99"), in_markdown=False),
        _Column("min", _step("inference", "min"), in_markdown=False),
        _Column("MAD", _step("inference", "mad"), in_markdown=False),
        _Column(baseline, lambda line: str(line.ratios.time) if line.ratios.time else ""),
    ]


def _steps() -> list[_Column]:
    return [
        _Column("load", _once("load")),
        _Column("first run", _once("first")),
        _Column("decode", _step("decode", "median")),
        _Column("resize", _step("resize", "median")),
    ]


def _memory_and_rate() -> list[_Column]:
    return [
        _Column("peak RSS", _memory("peak_rss_bytes")),
        _Column("ratio", lambda line: f"{line.ratios.memory:.3f}" if line.ratios.memory else ""),
        _Column("after load", _memory("rss_after_load_bytes"), in_markdown=False),
        _Column("private", _memory("private_bytes"), in_markdown=False),
        _Column("size", lambda line: megabytes(line.result.size_bytes)),
        _Column("photos/s (processes)", _throughput),
        _Column("J/photo", _energy),
        _Column("flags", lambda line: ", ".join(dict.fromkeys(names(line.result.flags))), align="l"),
    ]


def _is_used(column: _Column, lines: Sequence[_Line], markdown: bool) -> bool:
    if markdown and not column.in_markdown:
        return False
    return any(line.result.error is None and column.cell(line) for line in lines)


def _cells(line: _Line, columns: Sequence[_Column]) -> list[str]:
    if line.result.error is None:
        return [column.cell(line) for column in columns]
    shown = {
        "configuration": line.result.label,
        "threads": str(line.result.threads),
        _MEDIAN: "failed",
    }
    return [shown.get(column.title, "") for column in columns]


def _step(name: Literal["inference", "decode", "resize"], figure: _Figure) -> Callable[[_Line], str]:
    def cell(line: _Line) -> str:
        seconds: Seconds | None = line.result.seconds
        distribution = None if seconds is None else getattr(seconds, name)
        value = None if distribution is None else getattr(distribution, figure)
        return "" if value is None else milliseconds(value)

    return cell


def _once(name: Literal["load", "first"]) -> Callable[[_Line], str]:
    def cell(line: _Line) -> str:
        seconds: Seconds | None = line.result.seconds
        return "" if seconds is None else milliseconds(getattr(seconds, name))

    return cell


def _memory(name: str) -> Callable[[_Line], str]:
    def cell(line: _Line) -> str:
        memory: Memory | None = line.result.memory
        value: Any = None if memory is None else getattr(memory, name)
        return megabytes(value)

    return cell


def _throughput(line: _Line) -> str:
    entries = line.result.throughput or ()
    return ", ".join(f"{entry.photos_per_second:.3g} ({entry.processes})" for entry in entries)


def _energy(line: _Line) -> str:
    joules = line.result.energy_joules_per_photo
    return "" if joules is None else f"{joules:.3g}"
