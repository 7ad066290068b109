"""Exports networks as verified artifact folders.

Each step is a module: the network is loaded, scored and rewritten (``prepare``); for each artifact
(``artifact``) files are written and verified (``candidate``), with milder recipes if one fails (``search``,
``recipes``); an artifact that passes gets its report (``report_files``) and its name (``output``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.progress import SILENT, Progress

from .artifact import Shared, make_artifact
from .cells import Cell, cell, cells
from .errors import InternalError
from .fp32_files import Fp32FileCache
from .index_page import write_index
from .measurements import MeasurementCache
from .options import Options
from .output import check_output, check_report_folder, report_folder, resolve, scratch_beside
from .prepare import prepare
from .report import Report
from .subject import Source, StudentSource


@dataclass(frozen=True)
class Outcome:
    """What became of one cell: the report of the artifact in ``folder``, or the error that ended it."""

    cell: Cell
    folder: Path
    report: Report | None = None
    error: MobileIQAError | None = None


def export(
    source: Source | str | Path,
    output: str | Path,
    *,
    file_format: str = "onnx",
    precision: str = "fp32",
    options: Options | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Report:
    """Exports a network as one artifact that :class:`mobileiqa_sdk.Scorer` opens.

    The folder appears only when it is complete and its scores agree with the network as trained, in
    PyTorch, as ``docs/precision.md`` says; an interrupted export leaves nothing behind. If it fails
    verification its report is left, in a folder beside ``output`` whose name ends in ``.report``.

    Args:
        source: the network; a path is a student's or a teacher's checkpoint.
        output: the artifact folder to make.
        file_format: a key of :data:`mobileiqa_export.formats.FORMATS`.
        precision: a name or alias from :data:`mobileiqa_export.precisions.PRECISIONS` that the format
            offers, for example ``int8`` for ``int8-static``.
        options: how it is calibrated, verified and measured; None takes the defaults.
        overwrite: replace an artifact that is already there.
        progress: receives each step and warning.

    Raises:
        CheckpointError: the checkpoint cannot be loaded.
        NetworkUnfit: the network cannot be run or traced.
        ApproximationFailed: the approximation does not apply, or moves scores too far.
        ConversionFailed: the format's converter rejects it.
        ExportMismatch: the exported file gives other scores.
        PhotosMissing: a folder of photos holds none.
        ExportError: unknown format or precision, or the output is in the way.

    Example:
        >>> export("student.safetensors", "my-artifact", precision="fp16")  # doctest: +SKIP
    """
    chosen = cell(file_format, precision)
    folder = resolve(output)
    (outcome,) = _export(source, [chosen], folder, lambda _, __: folder, options, overwrite, progress)
    if outcome.report is None:
        raise outcome.error or InternalError(f"{chosen} ended without a report")
    return outcome.report


def export_matrix(
    source: Source | str | Path,
    output: str | Path,
    *,
    file_formats: Sequence[str],
    precisions: Sequence[str],
    options: Options | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> list[Outcome]:
    """Exports many cells at once, each into ``output/NAME-FORMAT-PRECISION``; see :func:`export`.

    The folders of approximated artifacts have the approximation's name at their end.

    ``output/index.html`` and ``index.json`` show all of them.

    The network is loaded, rewritten and scored once. A cell that fails does not keep the others from being
    made.

    Args:
        source: the network; a path is a student's or a teacher's checkpoint.
        output: the folder of the artifact folders.
        file_formats: see :func:`mobileiqa_export.cells.cells`.
        precisions: see there too.
        options: how artifacts are calibrated, verified and measured; None takes the defaults.
        overwrite: replace artifacts that are already there.
        progress: receives each step and warning.

    Raises:
        CheckpointError, NetworkUnfit, ApproximationFailed, PhotosMissing: nothing can be exported.
        ExportError: unknown formats or precisions, a cell that is not offered, or one of the outputs is in
            the way; nothing was written then.
    """
    chosen = cells(file_formats, precisions)
    root = resolve(output)

    def folder_of(each: Cell, model: str) -> Path:
        return root / each.folder_name(model, options.approximate if options else None)

    outcomes = _export(source, chosen, root / "first", folder_of, options, overwrite, progress)
    errors = {
        str(each.cell): str(each.error)
        for each in outcomes
        if each.error and not report_folder(each.folder).is_dir()
    }
    write_index(root, errors, progress)
    return outcomes


def _export(
    source: Source | str | Path,
    chosen: Sequence[Cell],
    first_output: Path,
    folder_of: Callable[[Cell, str], Path],
    options: Options | None,
    overwrite: bool,
    progress: Progress,
) -> list[Outcome]:
    """Exports each cell into its folder; scratch files go beside ``first_output``."""
    source = StudentSource(source) if isinstance(source, (str, Path)) else source
    options = options or Options()
    _check(first_output, overwrite)
    with scratch_beside(first_output) as scratch:
        prepared = prepare(source, options, progress)
        outputs = [(each, folder_of(each, prepared.model.name)) for each in chosen]
        for _, output in outputs:
            _check(output, overwrite)
        with Fp32FileCache(prepared, progress) as fp32_files:
            measurements = MeasurementCache(prepared, options, fp32_files.predict, progress)
            shared = Shared(prepared, options, overwrite, scratch, progress, fp32_files, measurements)
            return _make_all(shared, outputs)


def _check(output: Path, overwrite: bool) -> None:
    check_output(output, overwrite)
    check_report_folder(report_folder(output))


def _make_all(shared: Shared, outputs: Sequence[tuple[Cell, Path]]) -> list[Outcome]:
    """Makes one artifact after the other; one that fails leaves the others."""
    outcomes = []
    started = perf_counter()
    for number, (each, output) in enumerate(outputs, start=1):
        try:
            outcomes.append(Outcome(each, output, make_artifact(shared, each, output)))
        except MobileIQAError as error:
            if len(outputs) > 1:
                shared.progress.warn(f"{each}: {error}")
            outcomes.append(Outcome(each, output, error=error))
        left = (perf_counter() - started) / number * (len(outputs) - number)
        if left:
            shared.progress.step(f"{number} of {len(outputs)} artifacts done, about {left:.0f} s left")
    return outcomes
