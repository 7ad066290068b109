"""``mobileiqa score``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

import click

from .._heap import trim_heap
from .._text import printable
from ..parallel import MAX_THREADS, default_threads, default_workers
from ..photo import Photo
from ..report_page import PageWriter, views_of
from ..results import ResultsFile
from ..scorer import Assessment, Scorer
from ..sources.find import Source
from ..sources.shard import Shard
from ..streams import Scored, score_sources
from ..table_file import TableFile
from . import INTERRUPTED
from ._opening import open_scorer
from ._photos import STDIN, sources_of
from ._rows import WRITERS, Output
from ._selection import Order, Selection
from ._summary import MANY, Summary
from ._terminal import StatusLine, is_terminal
from ._types import RUNTIME, SCORE, check_output

if TYPE_CHECKING:
    from ..where import QualityMap

_COUNT = click.IntRange(min=1)
Engine = Literal["local", "ray"]


class _Store(Protocol):
    """A file that a long batch continues."""

    def missing(self, sources: Iterable[Source]) -> list[Source]: ...

    def write_results(self, results: Iterable[Scored]) -> None: ...

    def close(self) -> None: ...


@click.command("score")
@click.argument("paths", nargs=-1, metavar="[FILE|DIR|URL|-]...")
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
@click.option(
    "--map",
    "map_target",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Also draw where a photo is good: one photo to the file OUT, .png or .jpg, several to NAME.map.png "
    "in the folder OUT.",
)
@click.option(
    "--parquet",
    metavar="FILE",
    help="Write a Parquet table to FILE instead of printing, and continue it like --resume; extra [columns].",
)
@click.option(
    "--column", metavar="NAME", help="Of Parquet and Arrow files: the column that holds the photos."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="What runs the work: this process, or Ray, on one machine or many; extra [ray].",
)
@click.option("--address", metavar="ADDRESS", help="Of a Ray cluster. Default: Ray is started here.")
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
    map_target: Path | None,
    parquet: str | None,
    column: str | None,
    engine: Engine,
    address: str | None,
    quiet: bool,
    **outputs: bool,
) -> None:
    """Score photos: 0 is the worst, 1 the best that people would say.

    Archives (.tar, .tar.gz, .zip) and tables with photos (.parquet, .arrow) are read without unpacking
    them. URLs such as s3:// and https:// need the extra [cloud]; nothing else opens a connection.

    A photo that cannot be scored becomes a row with the reason, and the exit status 1. From ten photos on, a
    line on stderr sums up. - reads one photo from standard input. OMP_NUM_THREADS, if set, counts as
    the number of CPUs.
    """
    output = _one_output([name for name in WRITERS if outputs.get(name)])
    selection = Selection(order, top, worst, below)
    if top and worst:
        raise click.UsageError("--top and --worst exclude each other")
    kept = _kept_in(resume, parquet)
    if resume is not None:
        _check_continuable("--resume", paths, None if output == "jsonl" else output, selection, fail_under)
    if parquet is not None:
        _check_continuable("--parquet", paths, output, selection, fail_under)
    if html is not None:
        _check_page(html, paths, kept)
    _check_engine(engine, address, paths)
    if fail_under is not None and output is None:
        output, selection = (
            "names",
            selection._replace(below=fail_under if below is None else min(fail_under, below)),
        )
    sources = sources_of(paths, files_from, recursive=recursive, column=column)
    if kept is not None or html is not None:
        sources = list(dict.fromkeys(sources))  # a photo is in the file once, even if it is named twice
    has_shards = any(isinstance(source, Shard) for source in sources)
    if html is not None and has_shards:
        raise click.UsageError("--html needs files: photos in archives and tables cannot be read again")
    maps = None
    if map_target is not None:
        from ._maps import Maps  # with what draws

        maps = Maps(map_target, sources, kept=kept, engine=engine)
    many = len(sources) > 1 or has_shards or kept is not None or engine != "local"
    scorer = open_scorer(
        model,
        runtime=runtime,
        threads=threads or _threads(workers, many=many),
        exact_decode=exact_decode,
        resolution=resolution,
    )
    trim_heap()
    summary = Summary(fail_under)

    def score(
        remaining: Sequence[Photo | Source],
        write: Callable[[Iterable[Scored]], None],
        page: PageWriter | None = None,
    ) -> bool:
        results = _results(scorer, remaining, workers, engine, address)
        at_once = _workers(scorer, workers)
        mapped: Iterator[tuple[Scored, QualityMap | None]] = ((scored, None) for scored in results)
        if maps is not None:
            mapped = maps.drawn(results, scorer, remaining, at_once)
        if page is not None:
            mapped = _shown(mapped, remaining, page, at_once)
        results = (scored for scored, _ in mapped)
        total = None if has_shards else len(remaining)
        return _write(results, write, summary, StatusLine(total, quiet=quiet))

    if kept is None:
        total = len(sources)
        write = WRITERS[output or "table"]
        with PageWriter(html, scorer, workers=_workers(scorer, workers)) if html else nullcontext() as page:
            finished = score(
                sources,
                lambda results: write(scorer, selection.apply(one.plain_row() for one in results)),
                page,
            )
        if html is not None and not quiet:
            click.echo(f"mobileiqa: {printable(str(html))}: {html.stat().st_size / 1e6:.1f} MB", err=True)
    else:
        store: _Store = ResultsFile(kept, scorer) if parquet is None else TableFile(kept, scorer)
        with closing(store):
            missing = store.missing(cast("list[Source]", sources))  # STDIN was refused
            total = len(missing)
            if done := len(sources) - total:
                kind = "photos and archives" if has_shards else "photos"
                click.echo(
                    f"mobileiqa: {done} of {len(sources)} {kind} are in {printable(kept)} already", err=True
                )
            finished = score(missing, store.write_results)
    if not quiet and summary.done and (summary.done >= MANY or kept is not None):
        summary.show()
    if not finished:
        _report_interrupt(summary.done, None if has_shards else total, kept)
        sys.exit(INTERRUPTED)
    sys.exit(1 if summary.errors or summary.below else 0)


def _kept_in(resume: str | None, parquet: str | None) -> str | None:
    """Returns the file that keeps the rows, and is continued; None prints them."""
    if resume is not None and parquet is not None:
        raise click.UsageError("--resume and --parquet exclude each other; --parquet continues its FILE too")
    return parquet if resume is None else resume


def _check_engine(engine: Engine, address: str | None, paths: tuple[str, ...]) -> None:
    if engine == "local" and address is not None:
        raise click.UsageError("--address goes with --engine ray")
    if engine == "ray" and STDIN in paths:
        raise click.UsageError(
            "--engine ray needs files: a photo from standard input is on this machine alone"
        )


def _one_output(chosen: list[Output]) -> Output | None:
    if len(chosen) > 1:
        raise click.UsageError(f"{_option(chosen[0])} and {_option(chosen[1])} exclude each other")
    return chosen[0] if chosen else None


def _option(output: Output) -> str:
    return "--print0" if output == "names0" else f"--{output}"


def _check_continuable(
    option: str,
    paths: tuple[str, ...],
    output: Output | None,
    selection: Selection,
    fail_under: float | None,
) -> None:
    """Raises UsageError for what needs all rows, where only those of the missing photos will be known."""
    if output is not None:
        raise click.UsageError(f"{option} and {_option(output)} exclude each other")
    if selection != Selection() or fail_under is not None:
        raise click.UsageError(f"{option} writes every row; sort and select those in its FILE")
    if STDIN in paths:
        raise click.UsageError(f"{option} needs files: a photo from standard input cannot be read again")


def _check_page(html: Path, paths: tuple[str, ...], kept: str | None) -> None:
    """Raises UsageError for what a page cannot show, and for one that could not be written in the end."""
    if kept is not None:
        raise click.UsageError(
            "--html excludes --resume and --parquet: a page shows photos that were scored just now"
        )
    if STDIN in paths:
        raise click.UsageError("--html needs files: a photo from standard input cannot be read again")
    check_output("--html", html)


def _workers(scorer: Scorer, workers: int | None) -> int:
    return default_workers(scorer.threads) if workers is None else workers


def _threads(workers: int | None, *, many: bool) -> int | None:
    """Returns the threads of one inference: photos side by side keep the CPUs busier than threads do."""
    if workers is None:
        return 1 if many else None
    return max(1, default_threads() // workers)


def _results(
    scorer: Scorer,
    sources: Sequence[Photo | Source],
    workers: int | None,
    engine: Engine,
    address: str | None,
) -> Iterator[Scored]:
    if engine == "local":
        return score_sources(scorer, sources, workers=workers)
    from ..ray import score_on_ray

    return score_on_ray(scorer, cast("Sequence[Source]", sources), address=address, workers=workers)


def _shown(
    mapped: Iterable[tuple[Scored, QualityMap | None]],
    sources: Sequence[Photo | Source],
    page: PageWriter,
    workers: int,
) -> Iterator[tuple[Scored, QualityMap | None]]:
    """Passes results on, and adds them with their pictures to the page."""
    for (scored, quality), view in zip(mapped, views_of(sources, workers), strict=False):
        page.add(scored.result, view, quality)
        yield scored, quality


def _write(
    results: Iterator[Scored],
    write: Callable[[Iterable[Scored]], None],
    summary: Summary,
    status: StatusLine,
) -> bool:
    """Writes results; returns False if Ctrl-C ended it, and then writes what was scored."""
    finished = True

    def counted() -> Iterator[Scored]:
        nonlocal finished
        try:
            status.show(0)
            for scored in map(_renamed, results):
                summary.add(scored.row())
                if is_terminal(sys.stdout):
                    status.clear()  # the row may be written in its place
                yield scored
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


def _renamed(scored: Scored) -> Scored:
    """Gives the photo from standard input the name that it has on the command line."""
    if sys.stdin is None or scored.source is not sys.stdin.buffer:
        return scored
    result = scored.result
    if isinstance(result, Assessment):
        return replace(scored, result=replace(result, photo=STDIN))
    return replace(scored, result=type(result)(STDIN, result.reason))


def _report_interrupt(done: int, total: int | None, kept: str | None) -> None:
    if kept is None:
        remedy = "with --resume FILE the same command could go on where it stopped"
    else:
        remedy = "run the same command again to go on"
    of_all = "" if total is None else f" of {total}"
    click.echo(f"mobileiqa: interrupted after {done}{of_all} photos; {remedy}", err=True)
