"""``mobileiqa evaluate``.

What needs the extra is imported by the functions that use it: help and completion work without it.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import click

from mobileiqa_sdk._text import page, printable
from mobileiqa_sdk.cli._opening import open_scorer
from mobileiqa_sdk.errors import PhotoError
from mobileiqa_sdk.gallery import SUFFIXES, Row, find_photos
from mobileiqa_sdk.parallel import MAX_THREADS
from mobileiqa_sdk.progress import Lines
from mobileiqa_sdk.runtimes import available
from mobileiqa_sdk.scorer import Scorer

from ..errors import PlotUnavailable
from ..figures import load_matplotlib
from ..photographs import shipped_photographs
from .datasets import ALL, DATASETS, RatedPhoto, read_dataset
from .datasets.plain_csv import read_csv

if TYPE_CHECKING:
    from .ladders import Mode as Size
    from .opinions import Judged

Mode = Literal["csv", "dataset", "ladders", "faults"]
_MODES: dict[Mode, tuple[str, ...]] = {
    "csv": ("images", "name_column", "mos_column", "mos_range"),
    "dataset": ("root", "split"),
    "ladders": ("photos", "full_size"),
    "faults": ("photos",),
}
"""What the model is evaluated on, and the options that belong to some modes only."""
_MADE: tuple[Mode, ...] = ("ladders", "faults")
"""Modes that make photos worse, and need no opinions."""
_SPLITS = (*dict.fromkeys(split for dataset in DATASETS.values() for split in dataset.splits), ALL)
_LISTED = 20
"""Photos without a score that are named on stderr."""

_Item = TypeVar("_Item")


class _Result(NamedTuple):
    """What is printed: a title, the figures as text and as JSON values, and (photo, reason) of failures."""

    title: str
    table: str
    values: dict[str, Any]
    errors: list[tuple[str, str]]


def _new(ctx: click.Context, param: click.Parameter, file: Path | None) -> Path | None:
    # Before hours of scoring rather than after.
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"the folder {str(file.parent)!r} does not exist")
    if file is not None and param.name == "plot":
        from .plots import SUFFIXES as PLOTS

        if file.suffix.lower() not in PLOTS:
            raise click.BadParameter(f"{str(file)!r} does not end in {' or '.join(PLOTS)}")
        load_matplotlib()
    return file


def _range(
    ctx: click.Context, param: click.Parameter, scale: tuple[float, float] | None
) -> tuple[float, float] | None:
    if scale is not None and not (math.isfinite(scale[1] - scale[0]) and scale[0] != scale[1]):
        raise click.BadParameter("needs two different numbers, the worst photo's MOS first")
    return scale


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.command("evaluate", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("arguments", nargs=-1, metavar="[ARTIFACT] [PHOTO]...")
@click.option("--csv", type=_FILE, help="Table of photos and their MOS: CSV or .xlsx.")
@click.option("--images", type=_FOLDER, help="Folder of the table's photos. Default: the table's own.")
@click.option("--name-column", help="Column with the photos' names. Default: detected.")
@click.option("--mos-column", help="Column with the MOS. Default: detected.")
@click.option(
    "--mos-range",
    type=(float, float),
    metavar="WORST BEST",
    callback=_range,
    help="MOS of the worst and the best photo. Default: the customary scale that contains all.",
)
@click.option("--dataset", type=click.Choice(list(DATASETS)), help="A rated dataset, as published.")
@click.option("--root", type=_FOLDER, help="Folder of the dataset.")
@click.option("--split", type=click.Choice(_SPLITS), help="Default: test if there is one, else all.")
@click.option("--ladders", is_flag=True, help="Check that photos made worse step by step score lower.")
@click.option("--faults", is_flag=True, help="Prove that the model names the faults that photos are given.")
@click.option(
    "--photos", multiple=True, metavar="FILE|DIR", help="Photos for ladders and faults; repeatable."
)
@click.option("--full-size", is_flag=True, help="Distort photos at their own size, not the model's.")
@click.option(
    "--plot",
    type=_NEW,
    callback=_new,
    help="Draw MOS against score, the ladders or the faults: .png or .svg.",
)
@click.option("--thresholds", is_flag=True, help="With opinions: what a line at each score would reject.")
@click.option(
    "--pairs", is_flag=True, help="With opinions: how often the better of two near-duplicates is named."
)
@click.option("--scores", type=_NEW, callback=_new, help="Write a CSV row per score, errors included.")
@click.option(
    "--resamples",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Number of resamples for bootstrap intervals.",
)
@click.option("--runtime", type=click.Choice(list(available())), help="Default: by the artifact's suffix.")
@click.option(
    "--threads", type=click.IntRange(1, MAX_THREADS), help="CPU threads. Default: OMP_NUM_THREADS, else all."
)
@click.option("--resolution", metavar="NAME", help="A resolution of a model that takes photos of any size.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    arguments: tuple[str, ...],
    scores: Path | None,
    resamples: int,
    runtime: str | None,
    threads: int | None,
    resolution: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare scores with people's opinions, or with known distortions.

    Exactly one of --csv, --dataset, --ladders and --faults says what to evaluate on. ARTIFACT is a name from
    `mobileiqa models` or a path; by default, the bundled model. A first argument with the suffix of a photo
    (.jpg) is a photo. Ladders and faults without photos use the photographs that scikit-image comes with.

    Photos that cannot be scored are listed on stderr, the others count, and the exit status is 1.
    """
    mode = _mode(options)
    artifact, photos = _split(arguments)
    if photos and mode not in _MADE:
        raise click.UsageError(f"{photos[0]!r}: only --ladders and --faults take photos")
    scorer = open_scorer(artifact, runtime=runtime, threads=threads, resolution=resolution)
    if mode == "ladders":
        result = _evaluate_ladders(scorer, (*photos, *options["photos"]), scores, options)
    elif mode == "faults":
        result = _evaluate_faults(scorer, (*photos, *options["photos"]), resamples, scores, options)
    else:
        rated, title = _rated_table(options) if mode == "csv" else _rated_dataset(options)
        result = _evaluate_opinions(scorer, rated, title, resamples, scores, options)
    if as_json:
        described = {"schema": 1, "model": _describe(scorer), "judged": result.title, **result.values}
        click.echo(json.dumps(described, indent=2, allow_nan=False))
    else:
        click.echo(page(f"{scorer.contract.model.name} on {result.title}\n\n{result.table}"))
    _list_errors(result.errors)
    sys.exit(1 if result.errors else 0)


def _mode(options: dict[str, Any]) -> Mode:
    """Returns the mode that was asked for; raises UsageError unless it is exactly one."""
    chosen = [mode for mode in _MODES if options[mode]]
    if len(chosen) != 1:
        raise click.UsageError(
            "choose what to evaluate on: exactly one of --csv, --dataset, --ladders and --faults"
        )
    for name in dict.fromkeys(name for names in _MODES.values() for name in names):
        modes = [mode for mode, names in _MODES.items() if name in names]
        if options[name] and chosen[0] not in modes:
            goes_with = " and ".join(f"--{mode}" for mode in modes)
            raise click.UsageError(f"--{name.replace('_', '-')} goes with {goes_with}")
    for name in ("thresholds", "pairs"):
        if options[name] and chosen[0] in _MADE:
            raise click.UsageError(f"--{name} goes with --csv and --dataset")
    if options["dataset"] and not options["root"]:
        raise click.UsageError("--dataset needs --root, the folder that holds it")
    return chosen[0]


def _split(arguments: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Returns the artifact, None for the bundled model, and the photos."""
    if arguments and Path(arguments[0]).suffix.lower() not in SUFFIXES:
        return arguments[0], arguments[1:]
    return None, arguments


def _rated_table(options: dict[str, Any]) -> tuple[list[RatedPhoto], str]:
    photos, (worst, best) = read_csv(
        options["csv"],
        options["images"],
        name_column=options["name_column"],
        mos_column=options["mos_column"],
        scale=options["mos_range"],
    )
    return photos, f"{options['csv']}, MOS from {worst:g} to {best:g}"


def _rated_dataset(options: dict[str, Any]) -> tuple[list[RatedPhoto], str]:
    dataset = DATASETS[options["dataset"]]
    split = options["split"] or ("test" if "test" in dataset.splits else ALL)
    if split not in (*dataset.splits, ALL):
        raise click.UsageError(
            f"{dataset.title} has no split {split!r}: only {', '.join((*dataset.splits, ALL))}"
        )
    return read_dataset(options["dataset"], options["root"], split), f"{dataset.title}, {split}"


def _evaluate_opinions(
    scorer: Scorer,
    photos: Sequence[RatedPhoto],
    title: str,
    resamples: int,
    scores: Path | None,
    options: dict[str, Any],
) -> _Result:
    from .opinions import evaluate, score_rated
    from .scatter import plot_opinions

    with _progress_bar(photos) as shown:
        rows = list(score_rated(scorer, shown))
    # Before the figures, which need three scores, so that what was scored is never lost.
    _write_rows(scores, [row.to_dict() for row in rows])
    result = evaluate(rows, resamples=resamples)
    errors = [(str(row.photo.path), row.error or "") for row in result.failed]
    if options["plot"] is not None:
        name = f"{scorer.contract.model.name} on {title}"
        _draw(lambda file: plot_opinions(result, name, file), options["plot"])
    table, values = result.table(), result.to_dict()
    if options["thresholds"]:
        lines = _thresholds(rows)
        table, values = f"{table}\n\n{lines[0]}", {**values, "thresholds": lines[1]}
    if options["pairs"]:
        text, figures = _pairs(scorer, rows, resamples)
        table, values = f"{table}\n\n{text}", {**values, "pairs": figures}
    return _Result(title, table, values, errors)


def _pairs(scorer: Scorer, rows: Sequence[Judged], resamples: int) -> tuple[str, dict[str, Any] | None]:
    from .pairs import APART, measure_pairs

    accuracy = measure_pairs(scorer, rows, resamples=resamples)
    if accuracy is None:
        return f"no near-duplicates have opinions more than {APART:g} apart", None
    return accuracy.table(), accuracy.to_dict()


def _thresholds(rows: Sequence[Judged]) -> tuple[str, list[dict[str, Any]]]:
    from .thresholds import measure_thresholds, threshold_table

    scored = [(row.score, row.photo.mos) for row in rows if row.score is not None]
    lines = measure_thresholds(*zip(*scored, strict=True))
    return threshold_table(lines), [line._asdict() for line in lines]


def _draw(plot: Callable[[Path], None], file: Path) -> None:
    """Draws a plot; one that cannot be drawn costs nothing but a warning."""
    try:
        plot(file)
    except PlotUnavailable as error:
        Lines().warn(str(error))


def _evaluate_ladders(
    scorer: Scorer, photos: Sequence[str], scores: Path | None, options: dict[str, Any]
) -> _Result:
    from .ladder_table import write_ladder_table
    from .ladders import climb_ladders
    from .plots import plot_ladders

    paths, unread = _listed(photos)
    with _progress_bar(paths) as shown:
        size: Size = "full" if options["full_size"] else "input"
        result = climb_ladders(scorer, shown, mode=size, unread=unread)
    _write_rows(scores, list(result.rows()))
    if options["plot"] is not None:
        _draw(lambda file: plot_ladders(result, file), options["plot"])
    errors = list(result.errors.items())
    return _Result("ladders of distortions", write_ladder_table(result), result.to_dict(), errors)


def _evaluate_faults(
    scorer: Scorer, photos: Sequence[str], resamples: int, scores: Path | None, options: dict[str, Any]
) -> _Result:
    from .fault_answers import ask_about_faults
    from .fault_plot import plot_faults
    from .fault_proof import prove_faults
    from .fault_table import write_fault_table

    paths, unread = _listed(photos)
    with _progress_bar(paths) as shown:
        asked = ask_about_faults(scorer, shown, unread=unread)
    _write_rows(scores, list(asked.rows()))
    proof = prove_faults(asked.answers, resamples=resamples)
    if options["plot"] is not None:
        _draw(lambda file: plot_faults(asked, proof, file), options["plot"])
    values, errors = {**proof.to_dict(), **asked.to_dict()}, list(asked.errors.items())
    return _Result("photos with faults", write_fault_table(asked, proof), values, errors)


def _listed(photos: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Returns the paths of photos, and the reasons for what cannot be listed; none given are the shipped."""
    entries = list(find_photos(photos)) if photos else list(map(str, shipped_photographs()))
    unread = {entry.photo: entry.reason for entry in entries if isinstance(entry, PhotoError)}
    return [entry for entry in entries if isinstance(entry, str)], unread


def _progress_bar(items: Sequence[_Item]) -> AbstractContextManager[Iterable[_Item]]:
    if len(items) < 2 or not sys.stderr.isatty():
        return nullcontext(items)
    return click.progressbar(items, label="scoring", file=sys.stderr)


def _write_rows(file: Path | None, rows: Sequence[Row]) -> None:
    if file is None:
        return
    try:
        with file.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error


def _list_errors(errors: Sequence[tuple[str, str]]) -> None:
    for path, error in errors[:_LISTED]:
        click.echo(printable(f"{path}: {error}"), err=True)
    if len(errors) > _LISTED:
        click.echo(f"... and {len(errors) - _LISTED} more; --scores and --json name them all", err=True)


def _describe(scorer: Scorer) -> dict[str, Any]:
    contract = scorer.contract
    return {
        "name": contract.model.name,
        "version": contract.model.version,
        "checkpoint_sha256": contract.model.checkpoint_sha256,
        "weights": contract.precision.weights,
        "input_size": [contract.input.height, contract.input.width] if scorer.resolution is None else None,
        "resolution": scorer.resolution,
        "path": str(scorer.path),
        "threads": scorer.threads,
    }
