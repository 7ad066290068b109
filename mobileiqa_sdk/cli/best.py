"""``mobileiqa best``."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .._heap import trim_heap
from .._text import printable
from ..bursts import GAP, Burst, Frame, best_of_bursts
from ..errors import PhotoError
from ..parallel import MAX_THREADS
from ..scorer import Scorer
from . import INTERRUPTED
from ._keep import copy_into, link_into
from ._opening import open_scorer
from ._photos import STDIN, photos_of
from ._rows import describe_model
from ._terminal import StatusLine, coloured
from ._types import RUNTIME

_FOLDER = click.Path(file_okay=False, path_type=Path)
_COLUMNS = ("burst", "rank", "path", "score", "band", "taken", "reasons", "error_kind", "error")


@click.command("best")
@click.argument("paths", nargs=-1, metavar="[FILE|DIR]...")
@click.option("-r", "--recursive", is_flag=True, help="Look into subfolders too.")
@click.option(
    "--files-from",
    metavar="FILE",
    help="Take the paths in FILE, one per line or separated by NUL; - for stdin.",
)
@click.option(
    "--gap",
    type=click.FloatRange(0, 86_400),
    default=GAP,
    show_default=True,
    metavar="SECONDS",
    help="Most seconds between one photo and the next of a burst.",
)
@click.option(
    "--file-times",
    is_flag=True,
    help="For photos without a time in EXIF, take the time when the file was last changed.",
)
@click.option("-m", "--model", metavar="NAME|PATH", help="A name from `mobileiqa models`, or an artifact.")
@click.option("--runtime", type=RUNTIME, help="Default: by the artifact's suffix.")
@click.option("--resolution", metavar="NAME", help="A resolution of a model that takes photos of any size.")
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_THREADS),
    help="Photos at a time. Default: as many as the CPUs have room for.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values, a row for each photo.")
@click.option("--copy", "copies", type=_FOLDER, metavar="DIR", help="Copy the best photos into DIR.")
@click.option("--link", "links", type=_FOLDER, metavar="DIR", help="Make symbolic links to them in DIR.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def command(
    paths: tuple[str, ...],
    recursive: bool,
    files_from: str | None,
    gap: float,
    file_times: bool,
    model: str | None,
    runtime: str | None,
    resolution: str | None,
    workers: int | None,
    as_json: bool,
    as_csv: bool,
    copies: Path | None,
    links: Path | None,
    quiet: bool,
) -> None:
    """Suggest the best photo of each burst, and say why the others lost.

    Photos belong to one burst if they were taken within seconds, by EXIF, and look alike; names do not count.
    A photo by itself is the best of its own: it is in --json and --csv, and among what --copy and --link
    take. Nothing is deleted, moved or overwritten.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if STDIN in paths:
        raise click.UsageError("name files or folders: a photo from standard input cannot be compared")
    named = photos_of(paths, files_from, recursive=recursive)
    photos = [photo for photo in named if isinstance(photo, (str, PhotoError))]
    scorer = open_scorer(model, runtime=runtime, threads=1, resolution=resolution)
    trim_heap()
    status = StatusLine(len(photos), quiet=quiet)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        status.show(done)

    try:
        status.show(0)
        results = best_of_bursts(
            scorer, photos, gap=gap, file_times=file_times, workers=workers, on_photo=count
        )
    except KeyboardInterrupt:
        status.clear()
        click.echo(f"mobileiqa: interrupted after {done} of {len(photos)} photos", err=True)
        sys.exit(INTERRUPTED)
    status.clear()
    bursts = [result for result in results if isinstance(result, Burst)]
    errors = [result for result in results if isinstance(result, PhotoError)]
    if as_json:
        _print_json(scorer, bursts, errors)
    elif as_csv:
        _print_csv(bursts, errors)
    else:
        _print_table(bursts, errors)
    kept = [burst.best.photo for burst in bursts]
    if copies is not None:
        copy_into(copies, kept)
    if links is not None:
        link_into(links, kept)
    if not quiet:
        click.echo(f"mobileiqa: {_summary(bursts, errors)}", err=True)
    sys.exit(1 if errors else 0)


def _print_table(bursts: Sequence[Burst], errors: Sequence[PhotoError]) -> None:
    """Prints the bursts of several photos, each with its best one first, and the errors."""
    for burst in bursts:
        if not burst.others:
            continue
        _print_line(burst.best, "best")
        for frame in burst.others:
            _print_line(frame, ", ".join(reason.text for reason in frame.reasons) or "about as good")
        click.echo()
    for error in errors:
        click.echo(f"    -  {coloured('error', 9)}  {printable(error.photo)}: {error.reason}")


def _print_line(frame: Frame, remark: str) -> None:
    score, word = f"{frame.assessment.score:.3f}", coloured(frame.assessment.band, 9)
    click.echo(f"{score}  {word}  {printable(frame.photo)}  {remark}")


def _print_json(scorer: Scorer, bursts: Sequence[Burst], errors: Sequence[PhotoError]) -> None:
    answer = {
        "schema": 1,
        "model": describe_model(scorer),
        "bursts": [
            {"best": burst.best.photo, "photos": [_values(frame) for frame in burst.frames]}
            for burst in bursts
        ],
        "errors": [_error_values(error) for error in errors],
    }
    click.echo(json.dumps(answer, indent=2))


def _print_csv(bursts: Sequence[Burst], errors: Sequence[PhotoError]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for number, burst in enumerate(bursts, 1):
        for rank, frame in enumerate(burst.frames, 1):
            texts = "; ".join(reason.text for reason in frame.reasons)
            writer.writerow({"burst": number, "rank": rank, **_values(frame), "reasons": texts})
    writer.writerows(map(_error_values, errors))


def _values(frame: Frame) -> dict[str, Any]:
    return {
        "path": frame.photo,
        "score": frame.assessment.score,
        "band": frame.assessment.band,
        "taken": None if frame.taken is None else frame.taken.isoformat(),
        "reasons": [reason.to_dict() for reason in frame.reasons],
    }


def _error_values(error: PhotoError) -> dict[str, Any]:
    return {"path": error.photo, "error_kind": type(error).__name__, "error": error.reason}


def _summary(bursts: Sequence[Burst], errors: Sequence[PhotoError]) -> str:
    """Returns ``3 bursts of 11 photos, 7 photos by themselves, 1 error``."""
    several = [burst for burst in bursts if burst.others]
    alone = len(bursts) - len(several)
    together = sum(len(burst.frames) for burst in several)
    return (
        f"{_count(len(several), 'burst')} of {_count(together, 'photo')}, "
        f"{_count(alone, 'photo')} by {'itself' if alone == 1 else 'themselves'}, "
        f"{_count(len(errors), 'error')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
