"""Network in, verified artifact folders out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.fidelity.timing import Timing, measure_against
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.library import size_of
from mobileiqa_sdk.progress import SILENT, Progress

from .attempt import Attempt, try_cell, with_drift_allowed
from .errors import ExportMismatch
from .folders import (
    CONTRACT,
    check_output,
    check_report_folder,
    move,
    remove_report_folder,
    report_folder,
    scratch_beside,
    write_checksums,
)
from .matrix import Cell, cells
from .report import Report
from .subject import Source, StudentSource
from .workshop import Options, Workshop


@dataclass(frozen=True)
class Outcome:
    """What became of one cell: a report of the artifact in ``folder``, or the error that ended it."""

    cell: Cell
    folder: Path
    report: Report | None = None
    error: MobileIQAError | None = None


def export(
    source: Source | str | Path,
    output: str | Path,
    *,
    format: str = "onnx",
    precision: str = "fp32",
    options: Options = Options(),  # noqa: B008 - frozen
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Report:
    """Export a network as one artifact that :class:`mobileiqa_sdk.Scorer` opens.

    The folder appears only when it is complete and its scores agree with the network as trained, in
    PyTorch, as ``docs/precision.md`` says; an interrupted export leaves nothing behind. Of one that
    fails verification the report stays, in a folder beside ``output`` with ``.report`` at the end.

    Args:
        source: of the network; a path is that of a student's checkpoint.
        output: the artifact folder to make.
        format: a key of :data:`mobileiqa_export.formats.FORMATS`.
        precision: one that the format offers; ``int8`` is short for ``int8-static``.
        options: how it is calibrated, verified and measured.
        overwrite: replace an artifact that is already there.
        progress: receives each step and warning.

    Raises:
        CheckpointError: the checkpoint cannot be loaded.
        NetworkUnfit: the network cannot be run or traced.
        ExportMismatch: the exported file gives other scores.
        PhotosMissing: a folder of photos holds none.
        ExportError: unknown format or precision, or the output is in the way.
    """
    (cell,) = cells([format], [precision])
    output = Path(output)
    check_output(output, overwrite)
    with Workshop(_source(source), options, progress) as shop:
        return _export_cell(shop, cell, output, overwrite, progress)


def export_matrix(
    source: Source | str | Path,
    output: str | Path,
    *,
    formats: Sequence[str],
    precisions: Sequence[str],
    options: Options = Options(),  # noqa: B008 - frozen
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> list[Outcome]:
    """Export many cells at once, each into ``output/NAME-FORMAT-PRECISION``; see :func:`export`.

    The network is loaded, rewritten and scored once. A cell that fails does not keep the others
    from being made.

    The arguments are those of :func:`export`, but for ``output``, the folder of the artifact folders, and
    ``formats`` and ``precisions``, for which see :func:`mobileiqa_export.matrix.cells`.

    Raises:
        CheckpointError: the checkpoint cannot be loaded.
        PhotosMissing: a folder of photos holds none.
        ExportError: unknown formats or precisions, a cell that is not offered, or one of the outputs is in
            the way; nothing was written then.
    """
    wanted = cells(formats, precisions)
    outcomes = []
    with Workshop(_source(source), options, progress) as shop:
        folders = [Path(output, cell.folder(shop.name)) for cell in wanted]
        for folder in folders:
            check_output(folder, overwrite)
        started = perf_counter()
        for done, (cell, folder) in enumerate(zip(wanted, folders, strict=True), start=1):
            try:
                report = _export_cell(shop, cell, folder, overwrite, progress)
                outcomes.append(Outcome(cell, folder, report))
            except MobileIQAError as error:
                progress.warn(f"{cell}: {error}")
                outcomes.append(Outcome(cell, folder, error=error))
            left = (perf_counter() - started) / done * (len(wanted) - done)
            if left:
                progress.step(f"{done} of {len(wanted)} artifacts done, about {left:.0f} s left")
    return outcomes


def _source(source: Source | str | Path) -> Source:
    return StudentSource(source) if isinstance(source, (str, Path)) else source


def _export_cell(shop: Workshop, cell: Cell, output: Path, overwrite: bool, progress: Progress) -> Report:
    rejected = report_folder(output)
    check_report_folder(rejected)
    with scratch_beside(output) as scratch:
        attempt = try_cell(shop, cell, scratch, progress)
        if attempt.failures and not shop.options.allow_drift:
            report = _report(shop, cell, attempt, None, "it failed verification")
            _write(report, _made(scratch / "report"), progress)
            remove_report_folder(rejected)
            move(scratch / "report", rejected, scratch / "replaced")
            raise ExportMismatch(
                f"{output}: not kept: the {cell} file fails verification: {'; '.join(attempt.failures)}. "
                f"The report is in {rejected}; --allow-drift keeps the artifact all the same"
            )
        if attempt.failures:
            attempt = with_drift_allowed(shop, cell, attempt, scratch, progress)
        timing, note = _timing(shop, cell, attempt, progress)
        report = _report(shop, cell, attempt, timing, note)
        (attempt.folder / CONTRACT).write_text(attempt.contract.to_json() + "\n", encoding="utf-8")
        write_checksums(attempt.folder, attempt.file)
        _write(report, attempt.folder, progress)
        check_output(output, overwrite)
        move(attempt.folder, output, scratch / "replaced")
    remove_report_folder(rejected)
    if cell.precision == "fp32":
        shop.set_baseline(cell.form, output / attempt.file.name)
    return report


def _write(report: Report, folder: Path, progress: Progress) -> None:
    if not report.write(folder):
        progress.warn("no report.png, as matplotlib is not installed; pip install matplotlib")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _timing(shop: Workshop, cell: Cell, attempt: Attempt, progress: Progress) -> tuple[Timing | None, str]:
    if cell.precision == "fp32":
        return None, "this is the fp32 that other precisions are compared with"
    if not shop.options.timing:
        return None, "--no-timing"
    other = shop.baseline(cell.form)
    progress.step(f"timing {cell} against fp32")
    try:
        return measure_against(other, attempt.file), ""
    except BenchmarkError as error:
        return None, str(error)


def _report(shop: Workshop, cell: Cell, attempt: Attempt, timing: Timing | None, timing_note: str) -> Report:
    compared = cell.precision != "fp32" and (timing is not None or shop.has_baseline(cell.form))
    return Report(
        contract=attempt.contract,
        form=cell.form,
        precision=cell.precision,
        file=attempt.file.name,
        bytes=size_of(attempt.file),
        steps=shop.steps,
        parity=attempt.parity,
        drift=attempt.drift,
        images=shop.images.source,
        skipped=shop.images.skipped,
        failures=attempt.failures,
        drift_allowed=bool(attempt.failures) and shop.options.allow_drift,
        fp32_bytes=size_of(shop.baseline(cell.form)) if compared else None,
        timing=timing,
        timing_note=timing_note,
        calibration=shop.calibration_used(cell.precision),
        sensitivity=attempt.layers,
        equalised=attempt.way.treated,
        tries=attempt.tries,
        sensitivity_pictures=shop.sensitivity_pictures if attempt.layers else 0,
    )
