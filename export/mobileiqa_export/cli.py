"""``mobileiqa export``.

What needs torch is imported by the functions that use it: help and completion work without it.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from mobileiqa_bench.fidelity.gate import MIN_SRCC
from mobileiqa_bench.fidelity.images import LIMITS
from mobileiqa_bench.lists import list_option
from mobileiqa_bench.units import megabytes
from mobileiqa_sdk._text import one_line, printable
from mobileiqa_sdk.contract import DECODE_RULES, MAX_SIDE, Decode
from mobileiqa_sdk.progress import Lines, Progress

from .cells import ALL, Cell, cells, safe_name
from .errors import ExportError, InternalError
from .formats import FORMATS
from .interrupts import ending_at_once, interruptible
from .options import Approximate, Options
from .precisions import PRECISIONS
from .quantize.calibration import IMAGES
from .scratch import remove_all, temporary_files_together
from .stdout import stdout_to_stderr

if TYPE_CHECKING:
    from .exporter import Outcome
    from .networks import Description
    from .report import Report
    from .subject import Source


class _Size(click.ParamType):  # type: ignore[type-arg]
    name = "HEIGHTxWIDTH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(value))
        if match is None or not all(32 <= int(side) <= MAX_SIDE for side in match.groups()):
            self.fail(
                f"{value!r} is not a size: write height first, as in 1231x1907, 32 to {MAX_SIDE} pixels each",
                param,
                ctx,
            )
        return int(match[1]), int(match[2])


_PRECISION_NAMES = [
    name for precision in PRECISIONS.values() for name in (precision.name, *precision.aliases)
]
_FOLDER = click.Path(exists=True, file_okay=False)


@click.command("export", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--checkpoint",
    help="MobileIQA student or teacher: .pkl, .pth, .pt or .safetensors; with --arch the weights of that "
    "network.",
)
@click.option(
    "--weights",
    metavar="KEY",
    help="Name of the state_dict to take if the checkpoint holds several, such as state_dict_ema.",
)
@click.option(
    "--arch",
    metavar="MODULE:FACTORY",
    help="Export a network that is neither a MobileIQA student nor its teacher: FACTORY() returns a "
    "torch.nn.Module. MODULE may be a path/to/file.py. This imports and runs that code.",
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    metavar="FILE.toml|KEY=VALUE",
    help="Description of such a network: input size, normalisation, meaning of its answer. A TOML file, or "
    "a line of one, such as 'input.size = [224, 224]'. May be repeated; later ones win.",
)
@list_option(
    "--format",
    "file_formats",
    default=("onnx",),
    show_default=True,
    help=f"One or more of {', '.join(FORMATS)}, with commas between; or all. May be repeated.",
)
@list_option(
    "--precision",
    "precisions",
    default=("fp32",),
    show_default=True,
    help=f"One or more of {', '.join(_PRECISION_NAMES)}; or all that a format offers. May be repeated.",
)
@click.option(
    "-o",
    "--output",
    help="Artifact folder to make; with several formats or precisions, the folder for them. "
    "Default: ./NAME-FORMAT, after the checkpoint's file; ./NAME-artifacts.",
)
@click.option("--name", help="Model name in the contract. Default: the checkpoint's.")
@click.option("--model-version", help="Version in the contract. Default: the checkpoint's.")
@click.option(
    "--license", "--licence", "license_id", help="SPDX identifier in the contract. Default: the checkpoint's."
)
@click.option(
    "--input-size", type=_Size(), metavar="HEIGHTxWIDTH", help="Default: the checkpoint's, else 1231x1907."
)
@click.option("--no-rewrite", is_flag=True, help="Export the network as trained, for comparison.")
@click.option(
    "--calibration-data",
    type=_FOLDER,
    help="Folder of photos to measure activation ranges on. Default: built-in pictures, a fallback.",
)
@click.option(
    "--calibration-images",
    type=click.IntRange(min=1),
    default=IMAGES,
    show_default=True,
    help="Most photos to use.",
)
@click.option("--verify-photos", type=_FOLDER, help="Folder of photos to verify on. Default: built-in ones.")
@click.option(
    "--verification-images",
    type=click.IntRange(min=4),
    help=f"Images in all, distorted ones included. Default: {LIMITS.fewest} to {LIMITS.most}, by input size.",
)
@click.option(
    "--ranking-bar",
    type=click.FloatRange(MIN_SRCC, 1),
    default=MIN_SRCC,
    show_default=True,
    help="SRCC with the reference below which layers of a quantized artifact are spared quantization.",
)
@click.option(
    "--allow-drift",
    is_flag=True,
    help="Keep an artifact that fails verification, and say so in its contract.",
)
@click.option(
    "--decode",
    type=click.Choice(DECODE_RULES),
    default="full",
    show_default=True,
    help="The contract's rule for JPEGs much larger than the input.",
)
@click.option(
    "--approximate",
    type=click.Choice(get_args(Approximate)),
    help="Compute less and score almost the same, at the coarsest level that keeps an SRCC of 0.995 and "
    "every score within 0.005 of the network's. samples: local features from some of the positions.",
)
@click.option("--no-timing", is_flag=True, help="Do not measure time and memory against fp32.")
@click.option("--force", is_flag=True, help="Replace an artifact that is already there.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the report as JSON; with several artifacts, a list of reports.",
)
def command(
    checkpoint: str | None,
    weights: str | None,
    arch: str | None,
    configs: tuple[str, ...],
    file_formats: tuple[str, ...],
    precisions: tuple[str, ...],
    output: str | None,
    name: str | None,
    model_version: str | None,
    license_id: str | None,
    input_size: tuple[int, int] | None,
    no_rewrite: bool,
    calibration_data: str | None,
    calibration_images: int,
    verify_photos: str | None,
    verification_images: int | None,
    ranking_bar: float,
    allow_drift: bool,
    decode: Decode,
    approximate: Approximate | None,
    no_timing: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a MobileIQA checkpoint, student or teacher, into artifacts that `mobileiqa score --model` opens.

    With --arch and --config, export any network that maps an image to one score: see
    docs/other-networks.md in the repository.

    Each artifact is verified against the network as trained, in PyTorch, before it appears. If it fails,
    only its report is kept, and the exit status is 1.
    """
    from .exporter import export_matrix

    try:
        chosen = cells(file_formats, precisions)
        source = _source(
            checkpoint, weights, arch, configs, name, model_version, license_id, input_size, not no_rewrite
        )
    except ExportError as error:
        raise click.UsageError(str(error)) from error
    options = Options(
        calibration_data=calibration_data,
        calibration_images=calibration_images,
        verify_photos=verify_photos,
        verification_images=verification_images,
        ranking_bar=ranking_bar,
        allow_drift=allow_drift,
        timing=not no_timing,
        decode=decode,
        approximate=approximate,
    )
    single = len(file_formats) == len(precisions) == 1 and ALL not in (*file_formats, *precisions)
    with (
        ending_at_once(remove_all) as end,
        stdout_to_stderr(),
        interruptible(Lines(), end) as progress,
        temporary_files_together(),
    ):
        if single:
            outcomes = [_one(source, chosen[0], output, options, force, progress)]
        else:
            outcomes = export_matrix(
                source,
                output or f"{safe_name(source.stem)}-artifacts",
                file_formats=file_formats,
                precisions=precisions,
                options=options,
                overwrite=force,
                progress=progress,
            )
    _print(outcomes, as_json=as_json, single=single)
    sys.exit(any(outcome.error is not None for outcome in outcomes))


def _source(
    checkpoint: str | None,
    weights: str | None,
    arch: str | None,
    configs: tuple[str, ...],
    name: str | None,
    version: str | None,
    license_id: str | None,
    input_size: tuple[int, int] | None,
    rewrites: bool,
) -> Source:
    """Returns the student, teacher or other network that the options name. Raises ExportError."""
    from .networks import NetworkSource
    from .subject import StudentSource

    if arch or configs:
        chosen = {
            "arch.factory": arch,
            "arch.checkpoint": checkpoint,
            "arch.weights": weights,
            "model.name": name,
            "model.version": version,
            "model.license": license_id,
            "input.size": input_size and list(input_size),
        }
        return NetworkSource(_description(configs, chosen), rewrites)
    if checkpoint:
        return StudentSource(checkpoint, name, version, license_id, input_size, rewrites, weights)
    raise click.UsageError("name a student or a teacher by --checkpoint, or another network by --arch")


def _one(
    source: Source, cell: Cell, output: str | None, options: Options, force: bool, progress: Progress
) -> Outcome:
    from .exporter import Outcome, export

    suffix = "" if cell.precision.name == "fp32" else f"-{cell.precision}"
    suffix += f"-{options.approximate}" if options.approximate else ""
    folder = Path(output or f"{safe_name(source.stem)}-{cell.file_format}{suffix}")
    try:
        report = export(
            source,
            folder,
            file_format=cell.file_format,
            precision=cell.precision.name,
            options=options,
            overwrite=force,
            progress=progress,
        )
    except InternalError as error:
        return Outcome(cell, folder, error=error)
    return Outcome(cell, folder, report)


def _description(configs: tuple[str, ...], chosen: dict[str, Any]) -> Description:
    """Returns the description from TOML files and lines, and from options that set a key."""
    from .networks import Description, combined, parse_pair, read_toml

    parts = [
        read_toml(config) if config.endswith(".toml") or Path(config).is_file() else parse_pair(config)
        for config in configs
    ]
    parts.append({key: value for key, value in chosen.items() if value is not None})
    return Description.of(combined(parts), configs[0] if configs else "--arch")


def _print(outcomes: list[Outcome], *, as_json: bool, single: bool) -> None:
    from .report_page import cost_table, unchanged_lines

    reports = [outcome.report for outcome in outcomes if outcome.report]
    if as_json and single and reports:
        click.echo(reports[0].to_json())
    elif as_json:
        click.echo(_json(outcomes))
    else:
        if reports:
            click.echo(cost_table(reports[0].steps))
            for line in unchanged_lines(reports[0].steps):
                click.echo(f"not applied: {line}")
            click.echo()
        for outcome in outcomes:
            if outcome.report:
                click.echo(_line(outcome.folder, outcome.report))
        if not single and outcomes:
            click.echo(f"all on one page: {printable(str(outcomes[0].folder.parent / 'index.html'))}")
    for outcome in outcomes:
        if outcome.error:
            if isinstance(outcome.error, InternalError):
                click.echo(_traceback(outcome.error), err=True)
            click.echo(f"mobileiqa: {outcome.error}", err=True)


def _json(outcomes: list[Outcome]) -> str:
    failed = [
        {
            "file_format": outcome.cell.file_format,
            "precision": outcome.cell.precision.name,
            "error": str(outcome.error),
        }
        for outcome in outcomes
        if outcome.error
    ]
    reports = [json.loads(outcome.report.to_json()) for outcome in outcomes if outcome.report]
    return json.dumps({"schema": 2, "artifacts": reports, "failed": failed}, indent=2)


def _line(folder: Path, report: Report) -> str:
    from .quantize.sensitivity import SPARED

    parts = [f"{folder / report.file}  {megabytes(report.bytes)}  {report.precision}"]
    if report.approximated:
        parts.append(f"approximated by {report.approximated.name}, level {report.approximated.chosen.level}")
    if report.timing:
        parts.append(f"{report.timing.latency_ratio[0]:.2f} of the time of {report.compared_with}")
    total = len(report.layers)
    parts += [f"{len(layers)} of {total} layers {SPARED[kind]}" for kind, layers in report.spared.items()]
    drift = report.verdict.drift
    if drift.not_judged:
        parts.append("the ranking could not be judged")
    elif drift.srcc is not None:
        parts.append(f"SRCC {drift.srcc:.4f}")
    if drift.max_difference is not None:
        parts.append(f"at most {drift.max_difference:.1e} from the network as trained, in PyTorch")
    if report.verdict.failures:
        parts.append("FAILED verification, kept by --allow-drift")
    return one_line(", ".join(parts))


def _traceback(error: Exception) -> str:
    """Returns the traceback of an error and its causes, printable: quotes from files cannot control the
    terminal.
    """
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(printable(line) for line in lines)
