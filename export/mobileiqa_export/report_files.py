"""The files of a report beside an artifact: the data, a page and a picture."""

from __future__ import annotations

from pathlib import Path

from mobileiqa_bench.fidelity.plot import draw
from mobileiqa_sdk.progress import Progress

from .report import Report
from .report_page import page, subtitle

REPORT_FILES = ("report.json", "report.md", "report.png")


def write_report(report: Report, folder: Path, progress: Progress) -> None:
    """Writes ``report.json``, ``report.md`` and, if it can be drawn, ``report.png``."""
    (folder / "report.json").write_text(report.to_json() + "\n", encoding="utf-8")
    drawn = _draw(report, folder / "report.png", progress)
    (folder / "report.md").write_text(page(report, drawn=drawn), encoding="utf-8")


def _draw(report: Report, path: Path, progress: Progress) -> bool:
    model = report.contract.model
    cell = f"{report.file_format} {report.precision}"
    return draw(
        path,
        report.verdict,
        title=f"{model.name} {model.version}, {cell}",
        subtitle=subtitle(report),
        axes=("network as trained, PyTorch", cell),
        progress=progress,
    )
