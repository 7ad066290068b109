"""Scoring is offline: no file is written, no connection is opened."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from ..fresh_home import COMMAND, FOLDERS, environment, files_in
from . import tflite_artifacts

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


def _environment(folder: Path, **more: str) -> dict[str, str]:
    """A fresh folder for each place that programs write to."""
    for name in FOLDERS:
        (folder / name).mkdir()
    return environment(folder, **{name: str(folder / name) for name in FOLDERS}, **more)


def _mobileiqa(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("command", ["score", "verify", "models", "doctor"])
@pytest.mark.parametrize("file_format", ["onnx", "tflite"])
def test_commands_write_no_file_and_open_no_socket(
    tmp_path: Path, photos: list[str], command: str, file_format: str
) -> None:
    arguments = [command]
    if file_format == "tflite":
        if command in ("models", "doctor"):
            pytest.skip("they open the bundled model only")
        pytest.importorskip("ai_edge_litert")
        model = tflite_artifacts.save(tmp_path / "artifact")
        arguments += ["-m", str(model)] if command == "score" else [str(model)]
    arguments += photos if command == "score" else []
    (tmp_path / "user").mkdir()
    environment = _environment(tmp_path / "user")
    done = _mobileiqa(environment, *arguments)
    assert done.returncode == 0, done.stderr
    assert files_in(tmp_path / "user") == []


def test_the_file_check_sees_what_onnxruntime_would_write(tmp_path: Path) -> None:
    """With the telemetry that an application asked for, which proves that the test above can fail."""
    done = _mobileiqa(_environment(tmp_path, ORT_DISABLE_TELEMETRY="0"), "doctor", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "ORT_DISABLE_TELEMETRY=0" in answer["offline"]["telemetry_of_onnxruntime"]
    version = tuple(map(int, metadata.version("onnxruntime").split(".")[:2]))
    if sys.platform.startswith("linux") and version >= (1, 29):
        assert files_in(tmp_path) != []


CHOICE = """
import os, sys
if sys.argv[1] == "imported":
    import onnxruntime
from mobileiqa_sdk import _onnxruntime
print(os.environ.get("ORT_DISABLE_TELEMETRY"), "|", _onnxruntime.telemetry())
"""


@pytest.mark.parametrize(
    ("before", "variable", "expected"),
    [
        ("nothing", None, "1 | off"),
        ("nothing", "1", "1 | the application's choice: ORT_DISABLE_TELEMETRY=1"),
        ("nothing", "0", "0 | the application's choice: ORT_DISABLE_TELEMETRY=0"),
        ("imported", None, "None | the application's choice: it imported onnxruntime first"),
    ],
)
def test_an_application_keeps_its_choice(
    tmp_path: Path, before: str, variable: str | None, expected: str
) -> None:
    more = {} if variable is None else {"ORT_DISABLE_TELEMETRY": variable}
    done = subprocess.run(
        [sys.executable, "-c", CHOICE, before],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=_environment(tmp_path, **more),
    )
    assert done.stdout.strip() == expected
