"""Scoring is offline: no file is written, no connection is opened."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("mobileiqa_sdk", "export", "benchmarks", "training", "tests")
ITS_PLACE = ROOT / "mobileiqa_sdk/_onnxruntime.py"
COPIED = ROOT / "benchmarks/device/mobileiqa_device.py"  # one file without the SDK


def _imports_onnxruntime(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""] if node.level == 0 else []
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        names = [str(node.args[0].value)] if called in ("import_module", "__import__") else []
    else:
        names = []
    return any(name.split(".")[0] == "onnxruntime" for name in names)


def test_onnxruntime_is_imported_in_one_place() -> None:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    importers = {
        file for file in files if any(map(_imports_onnxruntime, ast.walk(ast.parse(file.read_bytes()))))
    }
    assert importers - {COPIED} == {ITS_PLACE}
    assert "ORT_DISABLE_TELEMETRY" in ITS_PLACE.read_text()


@pytest.mark.parametrize(
    ("code", "imports"),
    [
        ("import onnxruntime", True),
        ("import onnxruntime.quantization as q", True),
        ("from onnxruntime.quantization import QuantType", True),
        ("import_module('onnxruntime')", True),
        ("importlib.import_module('onnxruntime.quantization')", True),
        ("from ._onnxruntime import onnxruntime", False),
        ("from mobileiqa_sdk._onnxruntime import submodule", False),
        ("import onnx", False),
    ],
)
def test_every_way_to_import_it_is_seen(code: str, imports: bool) -> None:
    assert any(map(_imports_onnxruntime, ast.walk(ast.parse(code)))) is imports
