"""All engines run the same network. None needs to be there: what is missing is a row with the reason."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from mobileiqa_bench import baselines, engines
from mobileiqa_bench.baselines import BASELINES, exported, of_checkpoint
from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.scorer import Scorer


class Record:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, message: str) -> None:
        self.lines.append(message)

    warn = step


def needs(engine: str) -> pytest.MarkDecorator:
    module = engines.named(engine).needs
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed")


@pytest.fixture(scope="module")
def expected(artifact: Path) -> float:
    return Scorer(artifact, threads=1).score(golden_image())


@pytest.mark.parametrize("engine", ["sdk", "onnxruntime", pytest.param("openvino", marks=needs("openvino"))])
def test_engines_of_artifacts(engine: str, artifact: Path, expected: float) -> None:
    loaded = engines.load(engine, artifact / "model.onnx", 1, None)
    actual = loaded.assess(golden_image())
    assert actual.score == pytest.approx(expected, abs=1e-4)
    assert min(actual.seconds) > 0
    assert (loaded.contract is None) == (engine == "openvino")


@pytest.mark.parametrize("engine", ["torch", "torch-compile"])
def test_engines_of_checkpoints(
    engine: str, checkpoint: Path, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the C++ compiler that its own backend needs, and without the time that takes.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    loaded = engines.load(engine, checkpoint, 1, None)
    assert loaded.assess(golden_image()).score == pytest.approx(expected, abs=1e-4)


@needs("ncnn")
def test_ncnn(checkpoint: Path, expected: float, tmp_path: Path) -> None:
    pytest.importorskip("pnnx")
    (config,) = of_checkpoint(checkpoint, tmp_path, ["ncnn"])
    assert config.failure is None
    assert sorted(path.name for path in config.path.iterdir()) == [
        "model.ncnn.bin",
        "model.ncnn.param",
        "size.json",
    ]
    loaded = engines.load("ncnn", config.path, 1, None)
    assert loaded.assess(golden_image()).score == pytest.approx(expected, abs=1e-3)
    (config.path / "model.ncnn.param").write_text("7767517\n1 1\nNothing x 0 1 a\n")
    with pytest.raises(BenchmarkError, match="ncnn cannot load"):
        engines.load("ncnn", config.path, 1, None)


def test_the_plain_export_is_made_once(checkpoint: Path, tmp_path: Path, expected: float) -> None:
    progress = Record()
    onnx, again = of_checkpoint(checkpoint, tmp_path, ["onnx", "onnx"], progress)
    assert onnx == again
    assert (onnx.failure, onnx.artifact) == (None, str(checkpoint))
    assert progress.lines == ["preparing: as trained, plain ONNX, onnxruntime"] * 2
    loaded = engines.load("onnxruntime", onnx.path, 1, None)
    assert loaded.assess(golden_image()).score == pytest.approx(expected, abs=1e-4)


def test_what_is_not_installed_is_a_row(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    rows = of_checkpoint(checkpoint, tmp_path)
    assert [row.label for row in rows] == [baseline.label for baseline in BASELINES.values()]
    assert {row.engine: row.failure for row in rows}["ncnn"] == "ncnn is not installed; pip install ncnn pnnx"
    assert all(row.failure for row in rows)


def test_a_checkpoint_that_is_none_is_a_row(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pth"
    rubbish.write_bytes(b"rubbish")
    (row,) = of_checkpoint(rubbish, tmp_path, ["onnx"])
    assert row.failure is not None
    assert str(rubbish) in row.failure
    (row,) = exported(rubbish, tmp_path, ["fp32"], [])
    assert row.label == "exported, fp32"
    assert row.failure is not None
    assert str(rubbish) in row.failure


def test_exports_of_a_checkpoint(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "_export", partial(_quick_export, export=baselines._export))
    actual = exported(checkpoint, tmp_path, ["fp32", "fp16"], [])
    assert [row.label for row in actual] == ["tiny onnx fp16", "tiny onnx fp32"]
    assert {row.artifact for row in actual} == {str(checkpoint)}


def _quick_export(checkpoint: Path, folder: Path, *options: str, export: object) -> None:
    export(checkpoint, folder, *options, "--verification-images", "4")  # type: ignore[operator]
