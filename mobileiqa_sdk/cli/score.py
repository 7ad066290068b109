"""``mobileiqa score``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from functools import partial
from itertools import repeat
from pathlib import Path

import click

from .._text import printable
from ..errors import ModelError, PhotoError
from ..gallery import Row, as_row
from ..parallel import MAX_THREADS, default_threads, default_workers
from ..photo import Photo, describe
from ..report_page import PageWriter, views_of
from ..results import ResultsFile
from ..scorer import Scorer
from . import INTERRUPTED
from ._memory import trim_heap
from ._noise import native_stderr_off
from ._photos import STDIN, photos_of
from ._rows import WRITERS, Output
from ._selection import Order, Selection
from ._summary import MANY, Summary
from ._terminal import StatusLine, is_terminal
from ._types import RUNTIME, SCORE

_COUNT = click.IntRange(min=1)


@click.command("score")
@click.argument("paths", nargs=-1, metavar="[FILE|DIR|-]...")
@click.option("-r", "--recursive", is_flag=True, help="Look into subfolders too.")
@click.option(
    "--files-from",
    metavar="FILE",
    help="Score the paths in FILE, one per line or separated by NUL; - for stdin.",
)
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
@click.option(
    "--resolution",
    metavar="NAME",
    help="Pixel budget of a model that takes photos of any size, such as fast or high. Default: its first.",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(["best", "worst", "path"]),
    help="Best or worst first, or by path. Default: the order of the photos.",
)
@click.option("--top", type=_COUNT, metavar="N", help="Only the N best, best first.")
@click.option("--worst", type=_COUNT, metavar="N", help="Only the N worst, worst first.")
@click.option("--below", type=SCORE, metavar="SCORE", help="Only photos that score below SCORE.")
@click.option(
    "--fail-under",
    type=SCORE,
    metavar="SCORE",
    help="Exit status 1 if a photo scores below SCORE; prints the names of those photos, and nothing else.",
)
@click.option("--json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--jsonl", is_flag=True, help="One JSON object per line, printed as soon as the photo is scored."
)
@click.option("--csv", is_flag=True, help="Comma-separated values with a header, row by row.")
@click.option("--names", is_flag=True, help="Only paths, one per line.")
@click.option("-0", "--print0", "names0", is_flag=True, help="Only paths, with a NUL after each.")
@click.option(
    "--resume",
    metavar="FILE",
    help="Append JSON lines to FILE instead of printing; photos with a score in it are left out.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write a page to look at: one file with all photos, small, sorted and filtered offline.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def command(
    paths: tuple[str, ...],
    recursive: bool,
    files_from: str | None,
    model: str | None,
    runtime: str | None,
    workers: int | None,
    threads: int | None,
    exact_decode: bool,
    resolution: str | None,
    order: Order | None,
    top: int | None,
    worst: int | None,
    below: float | None,
    fail_under: float | None,
    resume: str | None,
    html: Path | None,
    quiet: bool,
    **outputs: bool,
) -> None:
    """Score photos: 0 is the worst, 1 the best that people would say.

    A photo that cannot be scored becomes a row with the reason, and the exit status 1. From ten photos on, a
    line on stderr sums up. - reads one photo from standard input. OMP_NUM_THREADS, if set, counts as
    the number of CPUs.
    """
    output = _one_output([name for name in WRITERS if outputs.get(name)])
    selection = Selection(order, top, worst, below)
    if top and worst:
        raise click.UsageError("--top and --worst exclude each other")
    if resume is not None:
        _check_resumable(paths, output, selection, fail_under)
    if html is not None:
        _check_page(html, paths, resume)
    if fail_under is not None and output is None:
        output, selection = (
            "names",
            selection._replace(below=fail_under if below is None else min(fail_under, below)),
        )
    photos = photos_of(paths, files_from, recursive=recursive)
    if resume is not None or html is not None:
        photos = list(dict.fromkeys(photos))  # a photo is in the file once, even if it is named twice
    many = len(photos) > 1 or resume is not None
    try:
        with native_stderr_off():
            scorer = Scorer(
                model,
                runtime=runtime,
                threads=threads or _threads(workers, many=many),
                exact_decode=exact_decode,
                resolution=resolution,
            )
    except ModelError:
        raise
    except ValueError as error:  # the other arguments were checked above
        raise click.UsageError(str(error)) from error
    trim_heap()
    summary = Summary(fail_under)
    if resume is None:
        write = partial(WRITERS[output or "table"], scorer)
        total = len(photos)
        with PageWriter(html, scorer, workers=_workers(scorer, workers)) if html else nullcontext() as page:
            finished = _score(
                scorer, photos, workers, lambda rows: write(selection.apply(rows)), summary, page, quiet=quiet
            )
        if html is not None and not quiet:
            click.echo(f"mobileiqa: {printable(str(html))}: {html.stat().st_size / 1e6:.1f} MB", err=True)
    else:
        with closing(ResultsFile(resume, scorer)) as results:
            missing = results.missing(photo for photo in photos if isinstance(photo, (str, PhotoError)))
            total = len(missing)
            if done := len(photos) - total:
                click.echo(f"mobileiqa: {done} of {len(photos)} photos are in {resume} already", err=True)
            finished = _score(scorer, missing, workers, results.write, summary, None, quiet=quiet)
    if not quiet and summary.done and (summary.done >= MANY or resume is not None):
        summary.show()
    if not finished:
        _report_interrupt(summary.done, total, resume)
        sys.exit(INTERRUPTED)
    sys.exit(1 if summary.errors or summary.below else 0)


def _one_output(chosen: list[Output]) -> Output | None:
    if len(chosen) > 1:
        raise click.UsageError(f"{_option(chosen[0])} and {_option(chosen[1])} exclude each other")
    return chosen[0] if chosen else None


def _option(output: Output) -> str:
    return "--print0" if output == "names0" else f"--{output}"


def _check_resumable(
    paths: tuple[str, ...],
    output: Output | None,
    selection: Selection,
    fail_under: float | None,
) -> None:
    """Raises UsageError for what needs all rows, where only those of the missing photos will be known."""
    if output not in (None, "jsonl"):
        raise click.UsageError(f"--resume and {_option(output)} exclude each other")
    if selection != Selection() or fail_under is not None:
        raise click.UsageError("--resume writes every row; sort and select those in its FILE")
    if STDIN in paths:
        raise click.UsageError("--resume needs files: a photo from standard input cannot be read again")


def _check_page(html: Path, paths: tuple[str, ...], resume: str | None) -> None:
    """Raises UsageError for what a page cannot show, and for one that could not be written in the end."""
    if resume is not None:
        raise click.UsageError("--html and --resume exclude each other: a page shows photos scored just now")
    if STDIN in paths:
        raise click.UsageError("--html needs files: a photo from standard input cannot be read again")
    if not html.parent.is_dir():
        raise click.UsageError(f"--html {html}: the folder {str(html.parent)!r} does not exist")


def _workers(scorer: Scorer, workers: int | None) -> int:
    return default_workers(scorer.threads) if workers is None else workers


def _threads(workers: int | None, *, many: bool) -> int | None:
    """Returns the threads of one inference: photos side by side keep the CPUs busier than threads do."""
    if workers is None:
        return 1 if many else None
    return max(1, default_threads() // workers)


def _score(
    scorer: Scorer,
    photos: Sequence[Photo | PhotoError],
    workers: int | None,
    write: Callable[[Iterable[Row]], None],
    summary: Summary,
    page: PageWriter | None,
    *,
    quiet: bool,
) -> bool:
    """Writes the rows of the photos, and adds the photos to the page if there is one.

    Returns False if Ctrl-C ended it; what was scored until then is written.
    """
    status = StatusLine(len(photos), quiet=quiet)
    finished = True
    views = repeat(None) if page is None else views_of(photos, _workers(scorer, workers))

    def counted() -> Iterator[Row]:
        nonlocal finished
        try:
            status.show(0)
            for result, view in zip(scorer.score_many(photos, workers=workers), views, strict=False):
                if page is not None:
                    page.add(result, view)
                row = as_row(result)
                summary.add(_renamed(row))
                if is_terminal(sys.stdout):
                    status.clear()  # the row may be written in its place
                yield row
                status.show(summary.done)
        except KeyboardInterrupt:
            finished = False
        status.clear()

    try:
        write(counted())
    except KeyboardInterrupt:  # while a row was written
        finished = False
    finally:
        status.clear()
    return finished


def _renamed(row: Row) -> Row:
    """Gives the photo from standard input the name that it has on the command line."""
    if sys.stdin is not None and row["path"] == describe(sys.stdin.buffer):
        row["path"] = STDIN
    return row


def _report_interrupt(done: int, total: int, resume: str | None) -> None:
    if resume is None:
        remedy = "with --resume FILE the same command could go on where it stopped"
    else:
        remedy = "run the same command again to go on"
    click.echo(f"mobileiqa: interrupted after {done} of {total} photos; {remedy}", err=True)
