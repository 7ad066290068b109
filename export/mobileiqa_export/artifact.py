"""One artifact of an export: found by a search, kept or refused, timed, reported, and put in place."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.fidelity.timing import Timing, measure_against
from mobileiqa_sdk import runtimes
from mobileiqa_sdk.library import size_of
from mobileiqa_sdk.progress import Progress

from .candidate import Candidate, CandidateFactory
from .cells import Cell
from .errors import ExportMismatch, InternalError
from .fp32_files import Fp32FileCache
from .measurements import MeasurementCache
from .options import Options
from .output import CONTRACT, check_output, put_in_place, remove_report_folder, report_folder, write_checksums
from .precisions import FP32, Precision
from .prepare import Prepared
from .recipes import Recipe
from .report import Report
from .report_files import write_report
from .search import SearchResult, search


@dataclass(frozen=True)
class Shared:
    """What the artifacts of one export share.

    Attributes:
        prepared: the network and its reference scores.
        options: how artifacts are calibrated, verified and measured.
        overwrite: whether artifacts that are already there are replaced.
        scratch: a folder on the disk of the outputs.
        progress: receives each step and warning.
        fp32_files, measurements: caches, filled as artifacts need them.
        passed: recipes of integer artifacts that passed, for other formats to try first.
    """

    prepared: Prepared
    options: Options
    overwrite: bool
    scratch: Path
    progress: Progress
    fp32_files: Fp32FileCache
    measurements: MeasurementCache
    passed: dict[Precision, list[Recipe]] = field(default_factory=dict)

    def is_exact_fp32(self, cell: Cell) -> bool:
        """Returns whether a cell is what the other artifacts of its format are compared with."""
        return cell.precision is FP32 and self.prepared.approximated is None


def make_artifact(shared: Shared, cell: Cell, output: Path) -> Report:
    """Makes the artifact of one cell in the folder ``output`` and returns its report.

    Raises:
        ExportMismatch: the best candidate fails verification and drift is not allowed; its report is left.
        ConversionFailed: the format's converter rejects the network.
        ExportError: the output is in the way or cannot be written.
        InternalError: a converter failed for a reason that is not in the network.
    """
    scratch = shared.scratch / f"{cell.file_format}-{cell.precision}"
    scratch.mkdir()
    factory = CandidateFactory(shared.prepared, shared.measurements, cell, scratch, shared.progress)
    result = search(factory, shared.options.ranking_bar, shared.passed.get(cell.precision, ()))
    if not result.best.failures:
        _remember(shared, cell, result.best.recipe)
    elif shared.options.allow_drift and result.best.bears_name:
        result = replace(result, best=_marked_as_failed(factory, result.best))
    else:
        _leave_report(shared, cell, result, output, scratch)
        way_out = "; --allow-drift keeps the artifact anyway" if result.best.bears_name else ""
        raise ExportMismatch(
            f"{output}: not kept: the {cell} file fails verification: {'; '.join(result.best.failures)}. "
            f"The report is in {report_folder(output)}{way_out}"
        )
    report = _report(shared, cell, result, *_timing(shared, cell, result.best))
    _put_in_place(shared, result.best, report, output, scratch)
    if shared.is_exact_fp32(cell):
        shared.fp32_files.add(cell.file_format, output / result.best.file.name)
    return report


def _remember(shared: Shared, cell: Cell, recipe: Recipe) -> None:
    if recipe.weight_only and not recipe.keep_float:
        shared.passed.setdefault(cell.precision, []).append(recipe)


def _marked_as_failed(factory: CandidateFactory, best: Candidate) -> Candidate:
    """Returns the same artifact with a contract that says that it failed."""
    again = factory.make("failed", best.recipe, spared=best.spared, known_failures=best.failures)
    if again.verdict.scores != best.verdict.scores:
        raise InternalError(f"{factory.cell} scores differently when it is written again")
    return again


def _timing(shared: Shared, cell: Cell, best: Candidate) -> tuple[Timing | None, str]:
    """Returns time and memory against the exact fp32; or None, and the reason why they were not measured."""
    if shared.is_exact_fp32(cell):
        return None, "this is the fp32 that other precisions are compared with"
    if not shared.options.timing:
        return None, "--no-timing"
    entry = runtimes.named(runtimes.default_for(best.file))
    if entry.platform not in ("", sys.platform):
        return None, f"{cell.file_format} runs on {entry.platform} only"
    try:
        fp32 = shared.fp32_files.file(cell.file_format)
        shared.progress.step(f"timing {cell} against {'exact ' if shared.prepared.approximated else ''}fp32")
        return measure_against(fp32, best.file), ""
    except (BenchmarkError, OSError) as error:
        shared.progress.warn(f"{cell} is not timed: {error}")
        return None, str(error)


def _report(
    shared: Shared, cell: Cell, result: SearchResult, timing: Timing | None, timing_note: str
) -> Report:
    best = result.best
    fp32 = None if shared.is_exact_fp32(cell) else shared.fp32_files.known(cell.file_format)
    return Report(
        contract=best.contract,
        file_format=cell.file_format,
        precision=cell.precision.name,
        file=best.file.name,
        bytes=size_of(best.file),
        steps=shared.prepared.steps,
        approximated=shared.prepared.approximated,
        verdict=best.verdict,
        kept=not best.failures or shared.options.allow_drift,
        fp32_bytes=size_of(fp32) if fp32 else None,
        timing=timing,
        timing_note=timing_note,
        calibration=shared.measurements.calibration if result.layers else None,
        layers=result.layers,
        equalised=best.recipe.equalised,
        attempts=result.attempts,
        analysis_pictures=shared.measurements.picture_count if result.layers else 0,
    )


def _put_in_place(shared: Shared, best: Candidate, report: Report, output: Path, scratch: Path) -> None:
    (best.folder / CONTRACT).write_text(best.contract.to_json() + "\n", encoding="utf-8")
    write_checksums(best.folder, best.file)
    write_report(report, best.folder, shared.progress)
    shared.progress.step(f"finished {report.file_format} {report.precision}")
    check_output(output, shared.overwrite)
    output.parent.mkdir(parents=True, exist_ok=True)
    put_in_place(best.folder, output, scratch)
    remove_report_folder(report_folder(output))


def _leave_report(shared: Shared, cell: Cell, result: SearchResult, output: Path, scratch: Path) -> None:
    folder = scratch / "report"
    folder.mkdir()
    report = _report(shared, cell, result, None, "it failed verification")
    write_report(report, folder, shared.progress)
    remove_report_folder(report_folder(output))
    output.parent.mkdir(parents=True, exist_ok=True)
    put_in_place(folder, report_folder(output), scratch)
