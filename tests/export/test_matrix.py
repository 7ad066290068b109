"""Which cells are asked for, and many artifacts by one export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mobileiqa_export.errors import ExportError
from mobileiqa_export.exporter import export_matrix
from mobileiqa_export.formats import FORMATS, Format, Writer
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.formats.job import Job
from mobileiqa_export.matrix import Cell, cells
from mobileiqa_export.precisions import FP16, FP32, INT4_WEIGHTS, INT8_STATIC
from mobileiqa_export.workshop import Options
from mobileiqa_sdk import Scorer

TWO = {
    "onnx": Format("onnx", onnx_format.__name__, "export", {FP32: Writer(""), INT8_STATIC: Writer("")}),
    "abacus": Format("abacus", "nowhere", "abacus", {INT4_WEIGHTS: Writer(""), FP32: Writer("")}),
}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobileiqa_export.matrix.FORMATS", TWO)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("formats", "precisions", "wanted"),
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
def test_cells(formats: list[str], precisions: list[str], wanted: list[str]) -> None:
    assert [str(cell) for cell in cells(formats, precisions)] == wanted


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("formats", "precisions", "said"),
    [
        (["onnx"], ["int4"], "onnx has no int4-weights; it has fp32, int8-static"),
        (["all"], ["fp16"], "no format offers fp16"),
        (["mp3"], ["fp32"], "no format is called 'mp3'; there is onnx, abacus, all"),
        (["onnx"], ["int3"], "no precision is called 'int3'; there is fp32, .*int8, int4, all"),
        ([], ["fp32"], "name at least one format"),
        (["onnx"], [], "name at least one precision"),
    ],
)
def test_cells_that_there_are_not(formats: list[str], precisions: list[str], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        cells(formats, precisions)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("small", "small-onnx-fp32"), ("a/b c", "a-b-c-onnx-fp32"), ("../..", "model-onnx-fp32")],
)
def test_a_folder_stays_inside(name: str, folder: str) -> None:
    assert Cell("onnx", "fp32").folder(name) == folder


def test_one_failing_cell_leaves_the_others(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    floats = {precision: FORMATS["onnx"].writers[precision] for precision in (FP32, FP16)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", floats))
    abacus = Format("abacus", "mobileiqa_export.formats.abacus", "abacus", {FP32: Writer("")})
    monkeypatch.setitem(FORMATS, "abacus", abacus)
    plain = onnx_format.save
    monkeypatch.setattr(onnx_format, "save", lambda job: plain(Job(**{**vars(job), "precision": FP32})))
    lines: list[str] = []
    outcomes = export_matrix(
        tiny_checkpoint,
        tmp_path / "out",
        formats=["abacus", "onnx"],
        precisions=["all"],
        options=Options(timing=False),
        progress=lines.append,
    )
    assert [str(outcome.cell) for outcome in outcomes] == ["abacus fp32", "onnx fp32", "onnx fp16"]
    assert 'pip install "mobileiqa-sdk[abacus]"' in str(outcomes[0].error)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["tiny-onnx-fp16", "tiny-onnx-fp32"]
    assert sum(line.startswith("scoring the test images") for line in lines) == 1
    for outcome, compute in zip(outcomes[1:], ("fp32", "fp16 or fp32, as the runtime chooses"), strict=True):
        assert outcome.report is not None
        scorer = Scorer(outcome.folder, threads=1)
        assert scorer.contract == outcome.report.contract
        assert scorer.contract.precision.compute == compute
    report = json.loads((tmp_path / "out" / "tiny-onnx-fp16" / "report.json").read_text())
    assert report["fp32_bytes"] == (tmp_path / "out" / "tiny-onnx-fp32" / "model.onnx").stat().st_size
    assert (report["timing"], report["timing_note"]) == (None, "--no-timing")


def test_nothing_is_written_where_a_folder_is_in_the_way(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny-onnx-fp32").mkdir()
    (tmp_path / "tiny-onnx-fp32" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="is no artifact"):
        export_matrix(tiny_checkpoint, tmp_path, formats=["onnx"], precisions=["fp32"])
    assert [path.name for path in tmp_path.rglob("*")] == ["tiny-onnx-fp32", "thesis.txt"]
