from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mobileiqa_bench.configs import OF_REFERENCE, of_artifacts, times_threads
from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.ranking import read_srcc, with_srcc
from mobileiqa_bench.schema import Srcc
from mobileiqa_sdk.errors import ArtifactInvalid, ModelNotFound


@pytest.fixture
def several(artifact: Path, tmp_path: Path) -> Path:
    """A folder as `mobileiqa export` makes it, with two precisions; the second one is only said to be."""
    for precision in ("fp32", "int8-weights"):
        folder = tmp_path / "several" / f"tiny-{precision}"
        shutil.copytree(artifact, folder)
        report = json.loads((folder / "report.json").read_text())
        report["precision"], report["drift"]["srcc"] = precision, 0.75
        (folder / "report.json").write_text(json.dumps(report))
    (tmp_path / "several" / "notes").mkdir()
    (tmp_path / "several" / "tiny.report").write_text("no artifact")
    return tmp_path / "several"


def test_an_artifact_is_described_by_what_lies_beside_it(artifact: Path) -> None:
    (config,) = of_artifacts([str(artifact)])
    assert (config.label, config.engine, config.runtime_name) == ("tiny onnx fp32", "sdk", "onnx")
    assert (config.model, config.precision, config.threads) == ("tiny", "fp32", 1)
    assert config.size == (artifact / "model.onnx").stat().st_size
    assert config.srcc is not None
    assert config.srcc.of == OF_REFERENCE


def test_names_folders_and_folders_of_folders(several: Path) -> None:
    assert [config.model for config in of_artifacts(["mobileiqa-small"])] == ["mobileiqa-small"]
    actual = of_artifacts([str(several)])
    assert [config.label for config in actual] == ["tiny onnx fp32", "tiny onnx int8-weights"]
    assert [config.srcc for config in actual] == [Srcc(value=0.75, of=OF_REFERENCE)] * 2


def test_precisions_and_runtimes_choose(several: Path) -> None:
    (one,) = of_artifacts([str(several)], precisions=["int8-weights"])
    assert one.precision == "int8-weights"
    both = of_artifacts([str(several)], precisions=["fp32"], runtimes=["onnx", "openvino", "litert"])
    assert [(config.engine, config.runtime_name) for config in both] == [
        ("sdk", "onnx"),
        ("openvino", "openvino"),
    ]
    with pytest.raises(BenchmarkError, match="fp64"):
        of_artifacts([str(several)], precisions=["fp64"])
    with pytest.raises(BenchmarkError, match=r"fp32 and .*litert"):
        of_artifacts([str(several)], precisions=["fp32"], runtimes=["litert"])


def test_the_same_names_are_told_apart_by_path(artifact: Path, tmp_path: Path) -> None:
    shutil.copytree(artifact, tmp_path / "copy")
    labels = [config.label for config in of_artifacts([str(artifact), str(tmp_path / "copy")])]
    assert labels[0] == f"tiny onnx fp32 ({artifact / 'model.onnx'})"
    assert len(set(labels)) == 2


def test_a_bare_file_and_a_damaged_report(artifact: Path, tmp_path: Path) -> None:
    shutil.copy(artifact / "model.onnx", tmp_path / "model.onnx")
    (tmp_path / "report.json").write_text('{"drift": []}')
    (tmp_path / "contract.json").write_text("[")
    (config,) = of_artifacts([str(tmp_path / "model.onnx")])
    assert (config.model, config.precision, config.srcc) == ("", "", None)
    assert config.label == f"{tmp_path.name} onnx"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5", 0.5), ("-1", -1.0), ("1", 1.0), ("NaN", None), ("1e999", None), ("1.01", None), ("true", None)],
)
def test_a_reports_srcc_counts_only_if_it_can_be_one(
    text: str, value: float | None, artifact: Path, tmp_path: Path
) -> None:
    shutil.copy(artifact / "model.onnx", tmp_path / "model.onnx")
    (tmp_path / "report.json").write_text(f'{{"drift": {{"srcc": {text}}}}}')
    (config,) = of_artifacts([str(tmp_path / "model.onnx")])
    assert (config.srcc.value if config.srcc else None) == value


def test_what_is_no_artifact_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere"):
        of_artifacts(["nowhere"])
    with pytest.raises(ArtifactInvalid, match=tmp_path.name):
        of_artifacts([str(tmp_path)])


def test_threads_multiply(artifact: Path) -> None:
    actual = times_threads(of_artifacts([str(artifact)]), [1, 4])
    assert [str(config) for config in actual] == ["tiny onnx fp32, 1 thread", "tiny onnx fp32, 4 threads"]


def test_srcc_from_a_table(several: Path, tmp_path: Path) -> None:
    table = tmp_path / "srcc.csv"
    table.write_text("artifact,SRCC with people\ntiny-fp32,0.875\n\n")
    configs = with_srcc(of_artifacts([str(several)]), read_srcc(table), str(table))
    assert [config.srcc for config in configs] == [Srcc(value=0.875, of="with people"), None]
    table.write_text("name,srcc\ntiny onnx int8-weights,0.5\n")
    configs = with_srcc(of_artifacts([str(several)]), read_srcc(table), str(table))
    assert [config.srcc for config in configs] == [None, Srcc(value=0.5, of="in srcc.csv")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "srcc.csv"),
        ("a,b\nc\n", "srcc.csv"),
        ("a,srcc\ntiny-fp32,high\n", "'high'"),
        ("a,srcc\ntiny-fp32,1.5\n", "'1.5'"),
        ("a,srcc\ntiny-fp32,nan\n", "'nan'"),
        ("a,srcc\ntiny-fp64,0.5\n", "'tiny-fp64'.* tiny onnx fp32; tiny"),
    ],
)
def test_tables_that_say_nothing_are_refused(several: Path, tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "srcc.csv"
    table.write_text(text)
    with pytest.raises(BenchmarkError, match=said):
        with_srcc(of_artifacts([str(several)]), read_srcc(table), str(table))
