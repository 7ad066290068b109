"""How `mobileiqa score` writes rows to stdout: a table, JSON, JSON lines, CSV, or names alone."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

import click

from .._text import printable
from ..gallery import Row, answer_columns
from ..reason import NOT_A_PHOTO
from ..scorer import Scorer, Seconds
from ._terminal import coloured

Output = Literal["table", "json", "jsonl", "csv", "names", "names0"]
Writer = Callable[[Scorer, Iterator[Row]], None]


def _write_table(scorer: Scorer, rows: Iterator[Row]) -> None:
    for row in rows:
        path = printable(row["path"])
        if row["error"]:
            click.echo(f"    -  {coloured('error', 9)}  {path}: {row['error']}")
        else:
            remark = NOT_A_PHOTO if row["is_photograph"] is False else row["reason"]
            end = f"  {remark}" if remark else ""
            click.echo(f"{row['score']:.3f}  {coloured(row['band'], 9)}  {path}{end}")


def _write_json(scorer: Scorer, rows: Iterator[Row]) -> None:
    click.echo(json.dumps({"schema": 1, "model": describe_model(scorer), "results": list(rows)}, indent=2))


def _write_jsonl(scorer: Scorer, rows: Iterator[Row]) -> None:
    for row in rows:
        click.echo(json.dumps(row))


def _write_csv(scorer: Scorer, rows: Iterator[Row]) -> None:
    times = [f"{step}_seconds" for step in Seconds._fields]
    columns = ["path", *answer_columns(scorer.contract), *times, "error_kind", "error"]
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        faults, seconds = row["faults"] or {}, row["seconds"] or {}
        more = {f"fault_{name}": severity for name, severity in faults.items()}
        more |= {f"{step}_seconds": time for step, time in seconds.items()}
        if row["is_photograph"] is not None:
            more["is_photograph"] = json.dumps(row["is_photograph"])  # in lower case
        writer.writerow({**row, **more})
        sys.stdout.flush()


def _write_names(scorer: Scorer, rows: Iterator[Row], *, end: str = "\n") -> None:
    """Writes paths as they are, for other programs; errors go to stderr."""
    for row in rows:
        if row["error"]:
            click.echo(f"mobileiqa: {printable(row['path'])}: {row['error']}", err=True)
        else:
            click.echo(row["path"] + end, nl=False)


def _write_names0(scorer: Scorer, rows: Iterator[Row]) -> None:
    _write_names(scorer, rows, end="\0")


WRITERS: dict[Output, Writer] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "names": _write_names,
    "names0": _write_names0,
}


def describe_model(scorer: Scorer) -> dict[str, Any]:
    """Returns what `--json` says of the model."""
    contract = scorer.contract
    return {
        "name": contract.model.name,
        "version": contract.model.version,
        "license": contract.model.license,
        "checkpoint_sha256": contract.model.checkpoint_sha256,
        "input_size": [contract.input.height, contract.input.width],
        "resolution": scorer.resolution,
        "threads": scorer.threads,
    }
