"""``mobileiqa benchmark``.

What needs the extra is imported by the functions that use it: help and completion work without it.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from mobileiqa_sdk._text import page, printable
from mobileiqa_sdk.library import DEFAULT
from mobileiqa_sdk.parallel import MAX_THREADS, default_threads
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import Lines
from mobileiqa_sdk.runtimes import available

from .baselines import BASELINES, exported, of_checkpoint
from .configs import OPENVINO, Config, of_artifacts, times_threads
from .environment import read_environment
from .flags import is_failed
from .lists import list_option
from .phone import ACCELERATORS, Phone
from .processes import TIMEOUT
from .ranking import read_srcc, with_srcc
from .rounds import Settings
from .schema import Result, read_document, to_json
from .verdict import LEAST_COOL_DOWN

ENGINES = (*available(), OPENVINO)
PHONE_RUNS = 20
"""Default of --runs on phones, where the time of a run is not known in advance."""
_SETTINGS = (
    "rounds", "runs", "seconds", "warmup", "processes", "timeout", "official", "cool_down", "minutes"
)  # fmt: skip

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command("benchmark", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@click.option("--checkpoint", type=_FILE, help="Also measure the network as trained, from this checkpoint.")
@list_option(
    "--baselines",
    "names",
    known=tuple(BASELINES),
    help=f"With --checkpoint: programs to run it in: {', '.join(BASELINES)}. Default: all.",
)
@click.option(
    "--baseline",
    metavar="LABEL",
    help="Result that ratios refer to: its label or part of it. Default: the first.",
)
@list_option("--runtime", "runtimes", known=ENGINES, help="Default: by each artifact's suffix.")
@list_option("--precision", "precisions", help="Precisions to measure of a folder, or to export.")
@list_option("--threads", numbers_to=MAX_THREADS, help="Default: OMP_NUM_THREADS, else all.")
@click.option(
    "--photo", type=_FILE, help="Score this photo, and time its decoding. Default: the golden image."
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Fresh processes of each configuration, in turn.",
)
@click.option(
    "--runs", type=click.IntRange(1, 1_000_000), help="Counted runs in a round, instead of --seconds."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    help="Seconds of counted runs in a round.",
)
@click.option(
    "--warmup",
    type=click.IntRange(0, 1000),
    default=2,
    show_default=True,
    help="Runs after the first, not counted.",
)
@list_option(
    "--processes", numbers_to=1024, help="Processes at once for photos per second. Default: 1 to all CPUs."
)
@click.option(
    "--official",
    is_flag=True,
    help="Measure by the rules of a valid result: 1,024 runs or 60 s, a pause of 30 s before each process, "
    "and the scores of 100 pictures. Replaces --runs and --seconds; the exit status is 1 without validity.",
)
@click.option(
    "--cool-down",
    type=click.FloatRange(0, 3600),
    help="Seconds without work before each process. Default: 0, with --official 30.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, 1440),
    default=0.0,
    help="Then go on without a pause for so long, and report every 10 seconds.",
)
@click.option("--no-throughput", is_flag=True, help="Do not measure photos per second.")
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    default=TIMEOUT,
    show_default=True,
    help="Seconds that a process may take.",
)
@click.option(
    "--roofline", is_flag=True, help="Measure this machine's peaks, and every layer of ONNX artifacts."
)
@click.option("--srcc", type=_FILE, help="CSV of a name and its SRCC, for the plot. Default: each report's.")
@click.option(
    "--plots",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw into this folder; implies --roofline.",
)
@click.option(
    "--adb",
    "serial",
    is_flag=False,
    flag_value="",
    metavar="[SERIAL]",
    help="Measure the .onnx artifacts on a phone too, by the demo app. Default: the only one attached.",
)
@click.option(
    "--accelerator",
    type=click.Choice(ACCELERATORS),
    default="cpu",
    show_default=True,
    help="With --adb: what computes on the phone, if the golden image is scored right there.",
)
@click.option("--json", "to", type=_NEW, metavar="FILE", help="Write all figures; - for stdout.")
@click.option("--markdown", is_flag=True, help="Print the table in Markdown.")
@click.option(
    "--compare",
    "compared",
    nargs=2,
    type=_FILE,
    metavar="A.json B.json",
    help="Compare two files instead of measuring.",
)
def command(
    artifacts: tuple[str, ...],
    checkpoint: Path | None,
    names: tuple[str, ...],
    baseline: str | None,
    threads: tuple[int, ...],
    photo: Path | None,
    srcc: Path | None,
    plots: Path | None,
    serial: str | None,
    to: Path | None,
    markdown: bool,
    compared: tuple[Path, Path] | None,
    **options: Any,
) -> None:
    """Measure time, memory and size of artifacts in fresh processes, in turn, round by round.

    ARTIFACT is a name from `mobileiqa models`, a path, or a folder of artifacts. The default is the bundled
    model, or what --checkpoint exports to. A configuration that fails is a row with the reason. Reasons to
    doubt a figure are flags beside it. The exit status is 1 if a configuration fails, misses its golden
    score, or failed verification when it was exported; with --official also if a result is not valid.
    """
    from .benchmark import run_benchmark
    from .compare import compare_documents
    from .summary import summary_table

    if compared:
        if artifacts or checkpoint:
            raise click.UsageError("--compare takes two files and measures nothing")
        comparison = compare_documents(read_document(compared[0]), read_document(compared[1]))
        _write(to, json.dumps(comparison.to_dict(), indent=2), comparison.table(markdown=markdown))
        return
    if names and not checkpoint:
        raise click.UsageError("--baselines go with --checkpoint")
    if options["official"] and options["runs"]:
        raise click.UsageError("--official decides on the number of runs; leave --runs out")
    if options["cool_down"] is None:
        options["cool_down"] = LEAST_COOL_DOWN if options["official"] else 0.0
    _check_paths(to, plots)
    if photo is not None:
        read_photo(photo)  # an unreadable photo is an error now, rather than in every process later
    if serial is not None:
        Phone.attached(serial or None)  # before minutes of exporting
    srcc_of = None if srcc is None else read_srcc(srcc)
    described = read_environment()
    with tempfile.TemporaryDirectory(prefix="mobileiqa-benchmark-") as scratch:
        rows = _configs(artifacts, checkpoint, names, Path(scratch), options)
        rows = times_threads(rows, threads or (default_threads(),))
        if srcc_of is not None:
            rows = with_srcc(rows, srcc_of, str(srcc))
        settings = Settings(
            photo=None if photo is None else str(photo),
            throughput=not options["no_throughput"],
            **{key: options[key] for key in _SETTINGS},
        )
        phone = [] if serial is None else _on_phone(rows, photo, serial, options)
        document = run_benchmark(
            rows,
            settings,
            described=described,
            baseline=baseline,
            roofline=options["roofline"] or plots is not None,
            progress=Lines(),
        )
    document = msgspec.structs.replace(
        document,
        results=(*document.results, *phone),
        settings={**document.settings, "command": shlex.join(["mobileiqa", *sys.argv[1:]])},
    )
    _write(to, to_json(document), summary_table(document, baseline, markdown=markdown))
    if plots is not None:
        from .plots import draw_all

        for path in draw_all(document, plots):
            click.echo(printable(f"drawn: {path}"), err=True)
    rows_of = document.results
    is_invalid = options["official"] and not all(row.verdict and row.verdict.valid for row in rows_of)
    sys.exit(is_invalid or any(is_failed(row) for row in rows_of))


def _configs(
    artifacts: tuple[str, ...],
    checkpoint: Path | None,
    names: tuple[str, ...],
    scratch: Path,
    options: dict[str, Any],
) -> list[Config]:
    runtimes, precisions = options["runtimes"], options["precisions"]
    if checkpoint is None:
        return of_artifacts(artifacts or (DEFAULT,), runtimes=runtimes, precisions=precisions)
    # First, since misspelt names are noticed at once.
    ours = of_artifacts(artifacts, runtimes=runtimes, precisions=precisions) if artifacts else []
    baselines = of_checkpoint(checkpoint, scratch, names or tuple(BASELINES), Lines())
    ours = ours or exported(checkpoint, scratch, precisions or ("fp32",), runtimes, Lines())
    return [*baselines, *ours]


def _on_phone(rows: list[Config], photo: Path | None, serial: str, options: dict[str, Any]) -> list[Result]:
    """Returns the phone's results for the SDK's own .onnx artifacts, which the app runs. Raises AdbError."""
    from . import adb

    configs = []
    for config in rows:
        if config.engine == "sdk" and config.failure is None and config.path.suffix == ".onnx":
            click.echo(printable(f"on the phone: {config}"), err=True)
            configs.append(
                adb.measure(
                    config.path,
                    photo,
                    serial=serial or None,
                    threads=config.threads,
                    warmup=options["warmup"],
                    runs=options["runs"] or PHONE_RUNS,
                    official=options["official"],
                    cool_down=options["cool_down"],
                    minutes=options["minutes"],
                    accelerator=options["accelerator"],
                )
            )
    return configs


def _check_paths(to: Path | None, plots: Path | None) -> None:
    """Raises UsageError if a folder to write to does not exist: before measuring rather than after."""
    for path in (to, plots):
        if path is not None and str(path) != "-" and not path.absolute().parent.is_dir():
            raise click.UsageError(f"there is no folder {str(path.absolute().parent)!r}")


def _write(to: Path | None, text: str, shown: str) -> None:
    """Writes the JSON to its file and the table to stdout, or the JSON alone to stdout."""
    if to is not None and str(to) != "-":
        try:
            to.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(to), error.strerror) from error
    click.echo(text if to is not None and str(to) == "-" else page(shown))
