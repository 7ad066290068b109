"""A benchmark as a table, for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .against import Ratios, baselines, ratios
from .flags import names
from .schema import Distribution, Document, Result

Row = list[str]


class _Line(NamedTuple):
    """What a row is made from."""

    result: Result
    ratios: Ratios


class _Column(NamedTuple):
    title: str
    cell: Callable[[_Line], str]
    right: bool = True
    everywhere: bool = True


def table(document: Document, baseline: str | None = None, *, markdown: bool = False) -> str:
    """The results with ratios to the baseline, what raised a flag, and where it was measured.

    Columns of which no result has a value are left out, and in Markdown those that explain more than they
    say. Raises BaselineUnknown.
    """
    results = document["results"]
    others = baselines(results, baseline)
    lines = [_Line(row, ratios(row, other)) for row, other in zip(results, others, strict=True)]
    title = next((f"to {other['label']}" for other in others if other), "to the baseline")
    columns = [
        column
        for column in _columns(title)
        if any(not line.result["error"] and column.cell(line) for line in lines)
        and (column.everywhere or not markdown)
    ] or _columns(title)[:3]
    header = [column.title for column in columns]
    cells = [_failed(line, columns) if line.result["error"] else _cells(line, columns) for line in lines]
    drawn = grid(header, cells, [column.right for column in columns], markdown=markdown)
    parts = (drawn, notes(document, markdown=markdown), where(document))
    return "\n\n".join(part for part in parts if part)


def grid(header: Row, rows: Sequence[Row], right: Sequence[bool], *, markdown: bool) -> str:
    """Aligned columns; Markdown's bars and rule around them, or none."""
    if markdown:
        rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    wide = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(row: Row) -> str:
        cells = [
            cell.rjust(width) if from_right else cell.ljust(width)
            for cell, width, from_right in zip(row, wide, right, strict=True)
        ]
        return f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip()

    rule = "|".join("-" * (width + 1) + (":" if r else "-") for width, r in zip(wide, right, strict=True))
    return "\n".join([line(header), *([f"|{rule}|"] if markdown else []), *map(line, rows)])


def notes(document: Document, *, markdown: bool = False) -> str:
    """What the flags mean; the file has every sentence of every result."""
    raised = [("this run", flag) for flag in document["flags"]]
    raised += [(name_of(row), flag) for row in document["results"] for flag in row["flags"]]
    raised += [(name_of(row), f"failed: {row['error']}") for row in document["results"] if row["error"]]
    return listed(raised, markdown=markdown)


def listed(raised: Sequence[tuple[str, str]], *, markdown: bool = False) -> str:
    """Pairs of who and flag, a line for each name of a flag; failures stay apart."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    for who, flag in raised:
        name = flag if flag.startswith("failed") else flag.partition(":")[0]
        by_name.setdefault(name, []).append((who, flag))
    bullet = "- " if markdown else "! "
    lines = []
    for (who, flag), *others in by_name.values():
        lines.append(f"{bullet}{flag} ({who}{f'; likewise {len(others)} more' if others else ''})")
    return "\n".join(lines)


def name_of(row: Result) -> str:
    """Label and threads, which name a result; some programs write both into the label."""
    threads = count(row["threads"], "thread")
    return row["label"] if row["label"].endswith(threads) else f"{row['label']}, {threads}"


def count(number: int, what: str) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def where(document: Document) -> str:
    """Machine, software and settings in a line."""
    environment, used = document["environment"], document["settings"]
    packages = environment.get("packages") or {}
    parts = [
        environment.get("cpu"),
        count(environment["cpus"], "CPU") if environment.get("cpus") else None,
        environment.get("system") or environment.get("os"),
        *(f"{name} {packages[name]}" for name in ("onnxruntime", "torch") if name in packages),
        count(used["rounds"], "round") if used.get("rounds") else None,
        f"photo {Path(used['photo']).name}" if used.get("photo") else "golden image",
    ]
    return "; ".join(str(part) for part in parts if part)


def milliseconds(seconds: float) -> str:
    """Three figures, in ms below ten seconds."""
    if seconds >= 10:
        return f"{seconds:.1f} s"
    value = 1000 * seconds
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def megabytes(size: int | None) -> str:
    """In units of a million bytes."""
    return "" if size is None else f"{size / 1e6:.0f} MB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _columns(baseline: str) -> list[_Column]:
    return [
        _Column("configuration", lambda line: line.result["label"], right=False),
        _Column("threads", lambda line: str(line.result["threads"])),
        _Column("median", _of("inference", "median")),
        _Column("p90", _of("inference", "p90")),
        _Column("min", _of("inference", "min"), everywhere=False),
        _Column("MAD", _of("inference", "mad"), everywhere=False),
        _Column(baseline, lambda line: str(line.ratios.time) if line.ratios.time else ""),
        _Column("load", lambda line: _once(line, "load")),
        _Column("first run", lambda line: _once(line, "first")),
        _Column("decode", _of("decode", "median")),
        _Column("resize", _of("resize", "median")),
        _Column("peak RSS", lambda line: _memory(line, "peak_rss_bytes")),
        _Column("ratio", lambda line: f"{line.ratios.memory:.3f}" if line.ratios.memory else ""),
        _Column("after load", lambda line: _memory(line, "rss_after_load_bytes"), everywhere=False),
        _Column("private", lambda line: _memory(line, "private_bytes"), everywhere=False),
        _Column("size", lambda line: megabytes(line.result["size_bytes"])),
        _Column("photos/s (processes)", _throughput),
        _Column("J/photo", _energy),
        _Column("flags", lambda line: ", ".join(dict.fromkeys(names(line.result["flags"]))), right=False),
    ]


def _cells(line: _Line, columns: Sequence[_Column]) -> Row:
    return [column.cell(line) for column in columns]


def _failed(line: _Line, columns: Sequence[_Column]) -> Row:
    shown = {
        "configuration": line.result["label"],
        "threads": str(line.result["threads"]),
        "median": "failed",
    }
    return [shown.get(column.title, "") for column in columns]


def _of(step: str, figure: str) -> Callable[[_Line], str]:
    def cell(line: _Line) -> str:
        seconds: dict[str, Any] = dict(line.result["seconds"] or {})
        distribution: Distribution | None = seconds.get(step)
        return "" if distribution is None else milliseconds(dict(distribution)[figure])  # type: ignore[arg-type]

    return cell


def _once(line: _Line, what: str) -> str:
    seconds: dict[str, Any] = dict(line.result["seconds"] or {})
    return milliseconds(seconds[what]) if what in seconds else ""


def _memory(line: _Line, what: str) -> str:
    memory: dict[str, Any] = dict(line.result["memory"] or {})
    return megabytes(memory.get(what))


def _throughput(line: _Line) -> str:
    throughput = line.result["throughput"] or []
    return ", ".join(f"{entry['photos_per_second']:.3g} ({entry['processes']})" for entry in throughput)


def _energy(line: _Line) -> str:
    joules = line.result["energy_joules_per_photo"]
    return "" if joules is None else f"{joules:.3g}"
