"""Network in, verified artifact folders out.

The story of an export, each part a module: the network is loaded, scored and rewritten (``prepare``); for
each artifact a file is written and verified (``candidate``), with milder recipes if one fails (``recipes``,
``search``); what passes gets a report (``report``) and appears under its name (``output``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_bench.fidelity.timing import Timing, measure_against
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.library import size_of
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.runtimes.runtime import Runtime

from .candidate import Candidate, make_candidate
from .cells import Cell, cell, cells
from .errors import ExportMismatch, InternalError
from .fp32_files import Fp32Files
from .options import Options
from .output import (
    CONTRACT,
    check_output,
    check_report_folder,
    put_in_place,
    remove_report_folder,
    report_folder,
    resolve,
    scratch_beside,
    write_checksums,
)
from .precisions import FP32
from .prepare import Prepared, prepare
from .recipes import Recipe
from .report import Report
from .search import SearchResult, search
from .study import Study
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
        source: the network; a path is a student's checkpoint.
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

    The network is loaded, rewritten and scored once. A cell that fails does not keep the others from being
    made.

    Args:
        source: the network; a path is a student's checkpoint.
        output: the folder of the artifact folders.
        file_formats: see :func:`mobileiqa_export.cells.cells`.
        precisions: see there too.
        options: how artifacts are calibrated, verified and measured; None takes the defaults.
        overwrite: replace artifacts that are already there.
        progress: receives each step and warning.

    Raises:
        CheckpointError, NetworkUnfit, PhotosMissing: nothing can be exported.
        ExportError: unknown formats or precisions, a cell that is not offered, or one of the outputs is in
            the way; nothing was written then.
    """
    chosen = cells(file_formats, precisions)
    root = resolve(output)

    def folder_of(each: Cell, model: str) -> Path:
        return root / each.folder_name(model)

    return _export(source, chosen, root / "first", folder_of, options, overwrite, progress)


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
        with Fp32Files(prepared, progress) as fp32_files:
            return _Run(prepared, options, overwrite, scratch, progress, fp32_files).all_cells(outputs)


def _check(output: Path, overwrite: bool) -> None:
    check_output(output, overwrite)
    check_report_folder(report_folder(output))


@dataclass
class _Run:
    """One export on its way: what its cells share."""

    prepared: Prepared
    options: Options
    overwrite: bool
    scratch: Path
    progress: Progress
    fp32_files: Fp32Files
    study: Study = field(init=False)
    passed: dict[str, list[Recipe]] = field(default_factory=dict)
    _predictor: Runtime | None = None

    def __post_init__(self) -> None:
        self.study = Study(self.prepared, self.options, self._predict, self.progress)

    def all_cells(self, outputs: Sequence[tuple[Cell, Path]]) -> list[Outcome]:
        outcomes = []
        started = perf_counter()
        for number, (each, output) in enumerate(outputs, start=1):
            try:
                outcomes.append(Outcome(each, output, self._one_cell(each, output)))
            except MobileIQAError as error:
                if len(outputs) > 1:
                    self.progress.warn(f"{each}: {error}")
                outcomes.append(Outcome(each, output, error=error))
            left = (perf_counter() - started) / number * (len(outputs) - number)
            if left:
                self.progress.step(f"{number} of {len(outputs)} artifacts done, about {left:.0f} s left")
        return outcomes

    def _one_cell(self, each: Cell, output: Path) -> Report:
        folder = self.scratch / f"{each.file_format}-{each.precision}"
        folder.mkdir()
        result = search(
            self.prepared,
            self.study,
            each,
            folder,
            self.options.ranking_bar,
            self.passed.get(each.precision.name, ()),
            self.progress,
        )
        best = result.best
        if best.failures and not self.options.allow_drift:
            self._leave_report(each, result, output, folder)
            raise ExportMismatch(
                f"{output}: not kept: the {each} file fails verification: {'; '.join(best.failures)}. "
                f"The report is in {report_folder(output)}; --allow-drift keeps the artifact all the same"
            )
        if best.failures:
            result = self._marked_as_failed(each, result, folder)
        elif best.recipe.weight_only and not best.recipe.keep_float:
            self.passed.setdefault(each.precision.name, []).append(best.recipe)
        report = self._finish(each, result, output, folder)
        if each.precision is FP32:
            self.fp32_files.add(each.file_format, output / result.best.file.name)
        return report

    def _finish(self, each: Cell, result: SearchResult, output: Path, scratch: Path) -> Report:
        best = result.best
        timing, note = self._timing(each, best)
        report = self._report(each, result, timing, note)
        (best.folder / CONTRACT).write_text(best.contract.to_json() + "\n", encoding="utf-8")
        write_checksums(best.folder, best.file)
        report.write(best.folder, self.progress)
        self.progress.step(f"finished {each}")
        check_output(output, self.overwrite)
        output.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(best.folder, output, scratch)
        remove_report_folder(report_folder(output))
        return report

    def _leave_report(self, each: Cell, result: SearchResult, output: Path, scratch: Path) -> None:
        folder = scratch / "report"
        folder.mkdir()
        self._report(each, result, None, "it failed verification").write(folder, self.progress)
        remove_report_folder(report_folder(output))
        output.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(folder, report_folder(output), scratch)

    def _marked_as_failed(self, each: Cell, result: SearchResult, scratch: Path) -> SearchResult:
        """The same artifact with a contract that says it failed."""
        best = result.best
        again = make_candidate(
            self.prepared,
            self.study,
            each,
            best.recipe,
            scratch / "failed",
            self.progress,
            known_failures=best.failures,
        )
        if again.verdict.scores != best.verdict.scores:
            raise InternalError(f"{each} gives other scores when it is written again")
        return SearchResult(again, result.layers, result.attempts)

    def _timing(self, each: Cell, best: Candidate) -> tuple[Timing | None, str]:
        if each.precision is FP32:
            return None, "this is the fp32 that other precisions are compared with"
        if not self.options.timing:
            return None, "--no-timing"
        try:
            fp32 = self.fp32_files.file(each.file_format)
            self.progress.step(f"timing {each} against fp32")
            return measure_against(fp32, best.file), ""
        except (BenchmarkError, OSError) as error:
            self.progress.warn(f"{each} is not timed: {error}")
            return None, str(error)

    def _report(self, each: Cell, result: SearchResult, timing: Timing | None, timing_note: str) -> Report:
        best = result.best
        fp32 = None if each.precision is FP32 else self.fp32_files.known(each.file_format)
        return Report(
            contract=best.contract,
            file_format=each.file_format,
            precision=each.precision.name,
            file=best.file.name,
            bytes=size_of(best.file),
            steps=self.prepared.steps,
            verdict=best.verdict,
            kept=not best.failures or self.options.allow_drift,
            fp32_bytes=size_of(fp32) if fp32 else None,
            timing=timing,
            timing_note=timing_note,
            calibration=self.study.calibration if each.precision.is_integer else None,
            layers=result.layers,
            equalised=best.recipe.equalised,
            attempts=result.attempts,
            analysis_pictures=self.study.picture_count if result.layers else 0,
        )

    def _predict(self, pixels: Pixels) -> float:
        """By the fp32 ONNX file, which takes a fifth of PyTorch's time."""
        if self._predictor is None:
            self._predictor = open_artifact(self.fp32_files.file("onnx"))
        return self._predictor.run(pixels)
