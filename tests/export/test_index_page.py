"""One page for a folder of artifacts."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_export.index_page import recommended, write_index
from mobileiqa_export.student import StudentConfig
from mobileiqa_export.subject import StudentSource


class Recorder:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def step(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def report(folder: Path, file_format: str, precision: str, **changes: Any) -> None:
    """Writes the keys of a report that an index reads."""
    folder.mkdir(parents=True)
    values = {
        "schema": 2,
        "file": f"model.{file_format}",
        "file_format": file_format,
        "precision": precision,
        "bytes": 2_000_000,
        "kept": True,
        "passed": True,
        "failures": [],
        "drift": {
            "flips_clear": {"pairs": 3},
            "informative": 40,
            "srcc": 0.99876,
            "max_difference": 0.012,
            "images": 3,
        },
        "scores": [
            {"reference": 0.39, "artifact": 0.41},
            {"reference": 0.5, "artifact": 0.55},
            {"reference": 0.9, "artifact": None},
        ],
        "timing": {"latency_ratio": [0.7, 0.6, 0.8]},
        **changes,
    }
    (folder / "report.json").write_text(json.dumps(values))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    report(folder / "m-onnx-fp32", "onnx", "fp32", timing=None, bytes=9_000_000)
    report(folder / "m-onnx-int8-static", "onnx", "int8-static")
    report(folder / "m-coreml-fp16", "coreml", "fp16", timing=None, bytes=4_000_000)
    report(folder / "m-coreml-int4-weights", "coreml", "int4-weights", timing=None, bytes=1_000_000)
    (folder / "m-onnx-fp32" / "report.png").write_bytes(b"")
    return folder


def test_the_index_has_every_artifact_and_where_to_begin(root: Path) -> None:
    progress = Recorder()
    write_index(root, {"tflite fp16": "<no> converter"}, progress)
    index = json.loads((root / "index.json").read_text())
    assert (index["schema"], index["kind"]) == (1, "mobileiqa-export-index")
    rows = {row["folder"]: row for row in index["artifacts"]}
    assert len(rows) == 4
    assert rows["m-onnx-int8-static"]["images_in_another_band"] == 2
    assert rows["m-onnx-int8-static"]["time_to_fp32"] == [0.7, 0.6, 0.8]
    assert index["recommended"] == {
        "Android, onnxruntime": "m-onnx-int8-static",
        "iPhone, iPad, Mac (iOS 16 and later)": "m-coreml-fp16",
        "server, and the reference": "m-onnx-fp32",
    }
    page = (root / "index.html").read_text()
    for text in ("m-onnx-fp32/report.png", "0.9988", "0.70 (0.60 to 0.80)", "&lt;no&gt; converter", "2 of 3"):
        assert text in page
    assert page.count("<img") == 1
    HTMLParser().feed(page)
    assert progress.warnings == []
    write_index(root, {}, progress)  # its own files are replaced
    assert "converter" not in (root / "index.html").read_text()
    assert progress.warnings == []


def test_what_was_not_judged_or_failed_is_said(tmp_path: Path) -> None:
    drift = {"flips_clear": {"pairs": 0}, "informative": 3, "srcc": 1.0, "max_difference": 0.0, "images": 3}
    report(tmp_path / "a", "onnx", "fp32", drift=drift)
    report(tmp_path / "b.report", "onnx", "fp16", passed=False, kept=False, failures=["too <far>"])
    write_index(tmp_path, {}, Recorder())
    page = (tmp_path / "index.html").read_text()
    assert "the ranking could not be judged" in page
    assert "1.0000" not in page
    assert "too &lt;far&gt;" in page
    assert json.loads((tmp_path / "index.json").read_text())["recommended"]["Android, onnxruntime"] == "a"


@pytest.mark.parametrize("name", ["index.html", "index.json"])
def test_files_of_others_stay(root: Path, name: str) -> None:
    (root / name).write_text("mine")
    progress = Recorder()
    write_index(root, {}, progress)
    assert (root / name).read_text() == "mine"
    assert [str(root / name) in warning for warning in progress.warnings] == [True]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 3}', '{"schema": 2}', "\xff"])
def test_what_is_no_report_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "report.json").write_text(text)
    write_index(tmp_path, {}, Recorder())
    assert not (tmp_path / "index.html").exists()


def test_artifacts_that_failed_are_not_recommended() -> None:
    row = {"kept": True, "passed": False, "file_format": "onnx", "precision": "fp32"}
    assert recommended([row]) == {}


@pytest.mark.parametrize(
    ("info", "input_size", "warned"),
    [
        ({}, None, True),
        ({"student": {"heads": 1}}, None, True),
        ({"student": {"input_size": [512, 512]}}, None, False),
        ({"teacher": {"input_size": [512, 512]}}, None, False),
        ({}, (512, 512), False),
    ],
)
def test_a_guessed_input_size_is_a_warning(
    info: dict[str, Any], input_size: tuple[int, int] | None, warned: bool
) -> None:
    progress = Recorder()
    StudentSource("a.pkl", input_size=input_size)._warn_of_size(StudentConfig(), info, progress)
    assert ["--input-size" in warning for warning in progress.warnings] == [True] * warned
