"""Which cells are asked for, and many artifacts by one export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mobileiqa_export import artifact
from mobileiqa_export.cells import Cell, cells, safe_name
from mobileiqa_export.errors import ExportError
from mobileiqa_export.exporter import export_matrix
from mobileiqa_export.formats import FORMATS, Format, Writer
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.formats.job import Job
from mobileiqa_export.options import Options
from mobileiqa_export.precisions import FP16, FP32, INT4_WEIGHTS, INT8_STATIC
from mobileiqa_sdk import Scorer

TWO = {
    "onnx": Format("onnx", onnx_format.__name__, "export", {FP32: Writer(""), INT8_STATIC: Writer("")}),
    "abacus": Format("abacus", "nowhere", "abacus", {INT4_WEIGHTS: Writer(""), FP32: Writer("")}),
}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobileiqa_export.cells.FORMATS", TWO)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("formats", "precisions", "expected"),
    [
        (["onnx"], ["fp32"], ["onnx fp32"]),
        (["onnx"], ["int8", "fp32"], ["onnx fp32", "onnx int8-static"]),
        (["abacus"], ["int4"], ["abacus int4-weights"]),
        (["onnx", "abacus"], ["fp32", "fp32"], ["onnx fp32", "abacus fp32"]),
        (
            ["all"],
            ["all"],
            ["onnx fp32", "onnx int8-static", "abacus fp32", "abacus int4-weights"],
        ),
        (["all"], ["int8"], ["onnx int8-static"]),
        (["abacus"], ["all"], ["abacus fp32", "abacus int4-weights"]),
    ],
)
def test_cells(formats: list[str], precisions: list[str], expected: list[str]) -> None:
    assert [str(cell) for cell in cells(formats, precisions)] == expected


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("formats", "precisions", "named"),
    [
        (["onnx"], ["int4"], "int4-weights"),
        (["all"], ["fp16"], "fp16"),
        (["mp3"], ["fp32"], "mp3"),
        (["onnx"], ["int3"], "int3"),
        ([], ["fp32"], "format"),
        (["onnx"], [], "precision"),
    ],
)
def test_what_is_not_offered_is_named(formats: list[str], precisions: list[str], named: str) -> None:
    with pytest.raises(ExportError, match=named):
        cells(formats, precisions)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("small", "small"),
        ("a/b c", "a-b-c"),
        ("../..", "model"),
        ("../up/My IQA: best/last", "up-My-IQA-best-last"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_folder_stays_inside(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert Cell("onnx", FP32).folder_name(name) == f"{safe}-onnx-fp32"


def test_one_failing_cell_leaves_the_others(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    floats = {precision: FORMATS["onnx"].writers[precision] for precision in (FP32, FP16)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", floats))
    abacus = Format("abacus", "mobileiqa_export.formats.abacus", "abacus", {FP32: Writer("")})
    monkeypatch.setitem(FORMATS, "abacus", abacus)
    plain = onnx_format.save
    monkeypatch.setattr(onnx_format, "save", lambda job: plain(Job(**{**vars(job), "precision": FP32})))
    steps: list[str] = []
    progress = SimpleNamespace(step=steps.append, warn=steps.append)
    outcomes = export_matrix(
        tiny_checkpoint,
        tmp_path / "out",
        file_formats=["abacus", "onnx"],
        precisions=["all"],
        options=Options(timing=False),
        progress=progress,
    )
    assert [str(outcome.cell) for outcome in outcomes] == ["abacus fp32", "onnx fp32", "onnx fp16"]
    assert 'pip install "mobileiqa-sdk[abacus]"' in str(outcomes[0].error)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "index.html",
        "index.json",
        "tiny-onnx-fp16",
        "tiny-onnx-fp32",
    ]
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert [row["folder"] for row in index["artifacts"]] == ["tiny-onnx-fp16", "tiny-onnx-fp32"]
    assert list(index["errors"]) == ["abacus fp32"]
    assert sum(step.startswith("scoring the test images") for step in steps) == 1
    for outcome, precision in zip(outcomes[1:], (FP32, FP16), strict=True):
        assert outcome.report is not None
        scorer = Scorer(outcome.folder, threads=1)
        assert scorer.contract == outcome.report.contract
        assert scorer.contract.precision == precision.for_contract
    report = json.loads((tmp_path / "out" / "tiny-onnx-fp16" / "report.json").read_text())
    assert report["fp32_bytes"] == (tmp_path / "out" / "tiny-onnx-fp32" / "model.onnx").stat().st_size
    assert (report["timing"], report["timing_note"]) == (None, "--no-timing")


def test_nothing_is_written_where_a_folder_is_in_the_way(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny-onnx-fp32").mkdir()
    (tmp_path / "tiny-onnx-fp32" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="tiny-onnx-fp32"):
        export_matrix(tiny_checkpoint, tmp_path, file_formats=["onnx"], precisions=["fp32"])
    assert [path.name for path in tmp_path.rglob("*")] == ["tiny-onnx-fp32", "thesis.txt"]


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac runs Core ML")
def test_what_runs_on_another_system_is_not_timed() -> None:
    shared = SimpleNamespace(options=Options(), is_exact_fp32=lambda _: False)
    best = SimpleNamespace(file=Path("model.mlpackage"))
    timing, note = artifact._timing(shared, Cell("coreml", FP16), best)  # type: ignore[arg-type] # what is read of them
    assert timing is None
    assert "darwin" in note
