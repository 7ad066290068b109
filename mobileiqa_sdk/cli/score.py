"""``mobileiqa score``."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from typing import Any

import click

from .._text import printable
from ..errors import PhotoError
from ..gallery import Row, find_photos, score_rows
from ..parallel import MAX_THREADS, default_threads
from ..results import ResultsFile
from ..scorer import Scorer, Seconds
from ._memory import trim_heap
from ._types import RUNTIME

Writer = Callable[[Scorer, Iterator[Row]], None]


@click.command("score")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR...")
@click.option("-r", "--recursive", is_flag=True, help="Look into subfolders too.")
@click.option("-m", "--model", metavar="NAME|PATH", help="A name from `mobileiqa models`, or an artifact.")
@click.option("--runtime", type=RUNTIME, help="Default: by the artifact's suffix.")
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_THREADS),
    help="Photos at a time. Default: as many as the CPUs have room for.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, MAX_THREADS),
    help="CPU threads of one inference. Default: 1 for several photos; for one, all CPUs.",
)
@click.option("--exact-decode", is_flag=True, help="Decode large JPEGs in full; slower.")
@click.option("--setting", metavar="NAME", help="A setting of a model that takes photos of any size.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="One JSON object per photo and line, as they come.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a header, as they come.")
@click.option(
    "--resume",
    metavar="FILE",
    help="Append JSON lines to FILE instead of printing; photos with a score in it are left out.",
)
def command(
    paths: tuple[str, ...],
    recursive: bool,
    model: str | None,
    runtime: str | None,
    workers: int | None,
    threads: int | None,
    exact_decode: bool,
    setting: str | None,
    as_json: bool,
    as_jsonl: bool,
    as_csv: bool,
    resume: str | None,
) -> None:
    """Score photos: 0 is the worst, 1 the best that people would say.

    A photo that cannot be scored becomes a row with the reason, and the exit status 1. Where
    OMP_NUM_THREADS is set, it counts as the number of CPUs.
    """
    outputs = [name for name, on in (("json", as_json), ("jsonl", as_jsonl), ("csv", as_csv)) if on]
    if len(outputs) > 1:
        raise click.UsageError(f"--{outputs[0]} and --{outputs[1]} exclude each other")
    output = outputs[0] if outputs else None
    if resume is not None and output not in (None, "jsonl"):
        raise click.UsageError(f"--resume and --{output} exclude each other")
    photos = list(find_photos(paths, recursive=recursive))
    if resume is not None:
        photos = list(dict.fromkeys(photos))  # a photo is in the file once, however often it is named
    try:
        scorer = Scorer(
            model,
            runtime=runtime,
            threads=threads or _threads(workers, many=len(photos) > 1 or resume is not None),
            exact_decode=exact_decode,
            setting=setting,
        )
    except ValueError as error:  # the other arguments were checked above
        raise click.UsageError(str(error)) from error
    trim_heap()
    if resume is None:
        # A bar would break into rows that appear on the same terminal one by one.
        bar = output == "json" or not sys.stdout.isatty()
        failed = _score(scorer, photos, workers, _WRITERS[output], bar=bar)
    else:
        with closing(ResultsFile(resume, scorer)) as results:
            missing = results.missing(photos)
            if done := len(photos) - len(missing):
                click.echo(f"mobileiqa: {done} of {len(photos)} photos are in {resume} already", err=True)
            failed = _score(scorer, missing, workers, lambda _, rows: results.write(rows), bar=True)
    if failed:
        sys.exit(1)


def _threads(workers: int | None, *, many: bool) -> int | None:
    """Returns the threads of one inference: photos side by side keep the CPUs busier than threads do."""
    if workers is None:
        return 1 if many else None
    return max(1, default_threads() // workers)


def _score(
    scorer: Scorer, photos: list[str | PhotoError], workers: int | None, write: Writer, *, bar: bool
) -> int:
    """Writes the rows of the photos; returns how many of them are errors."""
    failed = 0
    bar = bar and len(photos) > 1 and sys.stderr.isatty()
    shown = click.progressbar(length=len(photos), label="scoring", file=sys.stderr) if bar else nullcontext()
    with shown as progress:

        def counted() -> Iterator[Row]:
            nonlocal failed
            for row in score_rows(scorer, photos, workers=workers):
                failed += row["error"] is not None
                yield row
                if progress:
                    progress.update(1)

        write(scorer, counted())
    return failed


def _write_table(scorer: Scorer, rows: Iterator[Row]) -> None:
    for row in rows:
        if row["error"]:
            click.echo(f"    -  {'error':9}  {printable(row['path'])}: {row['error']}")
        else:
            click.echo(f"{row['score']:.3f}  {row['band']:9}  {printable(row['path'])}")


def _write_json(scorer: Scorer, rows: Iterator[Row]) -> None:
    click.echo(json.dumps({"schema": 1, "model": _describe(scorer), "results": list(rows)}, indent=2))


def _write_jsonl(scorer: Scorer, rows: Iterator[Row]) -> None:
    for row in rows:
        click.echo(json.dumps(row))


def _write_csv(scorer: Scorer, rows: Iterator[Row]) -> None:
    writer = csv.DictWriter(sys.stdout, _columns(scorer), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        faults, seconds = row["faults"] or {}, row["seconds"] or {}
        more = {f"fault_{name}": severity for name, severity in faults.items()}
        more |= {f"{step}_seconds": time for step, time in seconds.items()}
        writer.writerow({**row, **more})
        sys.stdout.flush()


def _columns(scorer: Scorer) -> list[str]:
    """Returns the names of the columns; those of faults and photograph only if the model has such outputs."""
    faults = [f"fault_{name}" for name in scorer.contract.faults]
    answers_photo = any(output.meaning == "photo" for output in scorer.contract.outputs)
    photograph = ["photograph"] if answers_photo else []
    times = [f"{step}_seconds" for step in Seconds._fields]
    return ["path", "score", "band", "spread", *faults, *photograph, *times, "error"]


_WRITERS: dict[str | None, Writer] = {
    None: _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}


def _describe(scorer: Scorer) -> dict[str, Any]:
    contract = scorer.contract
    return {
        "name": contract.model.name,
        "version": contract.model.version,
        "license": contract.model.license,
        "checkpoint_sha256": contract.model.checkpoint_sha256,
        "input_size": [contract.input.height, contract.input.width],
        "setting": scorer.setting,
        "threads": scorer.threads,
    }
