"""``mobileiqa export``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_sdk import Scorer

Run = Callable[..., Any]


@pytest.fixture
def run(run: Run) -> Run:
    """The command's subcommand ``export``."""
    return partial(run, "export")


def test_an_export(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As people start it, in a folder of theirs."""
    shutil.copy(tiny_checkpoint, tmp_path / "best.safetensors")
    command = [sys.executable, "-m", "mobileiqa_sdk", "export", "--checkpoint", "best.safetensors"]
    command += ["--verification-images", "20"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| network ")
    assert lines[2].startswith("| as trained ")
    assert lines[-2] == ""
    assert lines[-1].startswith(f"{Path('best-onnx', 'model.onnx')} ")
    assert lines[-1].endswith("in PyTorch")
    assert "from the network as trained" in lines[-1]
    assert done.stderr.splitlines()[0] == "loading the checkpoint ..."
    assert all(line.endswith(" ...") or line.startswith("warning: ") for line in done.stderr.splitlines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-onnx", "best.safetensors"]
    assert Scorer(tmp_path / "best-onnx").contract.model.name == "tiny"


def test_json_and_every_option(run: Run, tiny_checkpoint: Path, tmp_path: Path) -> None:
    options = ("--name", "ours", "--model-version", "3", "--licence", "MIT", "--input-size", "64x80")
    result = run("--checkpoint", tiny_checkpoint, "-o", tmp_path / "out", *options, "--json", "--no-rewrite")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert result.out == (tmp_path / "out" / "report.json").read_text(encoding="utf-8")
    assert report["contract"]["model"]["name"] == "ours"
    assert report["contract"]["model"]["version"] == "3"
    assert report["contract"]["model"]["license"] == "MIT"
    assert (report["contract"]["input"]["height"], report["contract"]["input"]["width"]) == (64, 80)
    assert [step["name"] for step in report["steps"] if not step["reason"]] == [
        "as trained",
        "normalise_input",
    ]

    again = run("--checkpoint", tiny_checkpoint, "-o", tmp_path / "out")
    assert again.code == 1
    assert again.out == ""
    assert again.err.startswith(f"mobileiqa: {tmp_path / 'out'}: ")
    assert "--force" in again.err
    assert again.err.count("\n") == 1

    forced = run("--checkpoint", tiny_checkpoint, "-o", tmp_path / "out", "--force", "--input-size", "97x64")
    assert forced.code == 0, forced.err
    assert Scorer(tmp_path / "out").contract.input.width == 64
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("size", ["512", "512x", "axb", "16x64", "9000x64", "64X64", "-64x64", "1e3x64", ""])
def test_a_wrong_size(size: str, run: Run, tiny_checkpoint: Path, tmp_path: Path) -> None:
    result = run("--checkpoint", tiny_checkpoint, "-o", tmp_path / "out", "--input-size", size)
    assert result.code == 2
    assert result.out == ""
    assert "1231x1907" in result.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [(), ("--checkpoint",), ("--format", "mp3"), ("--surprise",)])
def test_wrong_usage(arguments: tuple[str, ...], run: Run) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Error: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "formats", "precisions"),
    [
        (("--format", "onnx", "--format", "coreml"), ("onnx", "coreml"), ("fp32",)),
        (("--precision", "fp16", "--precision", "int8,fp32"), ("onnx",), ("fp16", "int8", "fp32")),
        (("--format", "coreml,onnx", "--precision", "all"), ("coreml", "onnx"), ("all",)),
    ],
)
def test_repeated_options_are_joined(
    arguments: tuple[str, ...],
    formats: tuple[str, ...],
    precisions: tuple[str, ...],
    run: Run,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []

    def export_matrix(*_: object, **options: Any) -> list[Any]:
        asked.append(options)
        return []

    monkeypatch.setattr("mobileiqa_export.exporter.export_matrix", export_matrix)
    assert run("--checkpoint", tiny_checkpoint, *arguments).code == 0
    assert [(each["file_formats"], each["precisions"]) for each in asked] == [(formats, precisions)]


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint", b"\x80\x04\x95rubbish"])
def test_a_checkpoint_that_cannot_be_loaded(content: bytes | None, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "student.pkl"
    if content is not None:
        path.write_bytes(content)
    result = run("--checkpoint", path, "-o", tmp_path / "parent" / "out")
    assert result.code == 1
    assert result.out == ""
    progress, line = result.err.splitlines()
    assert progress == "loading the checkpoint ..."
    assert line.startswith(f"mobileiqa: {path}: ")
    assert not (tmp_path / "parent").exists()


def test_help(run: Run) -> None:
    for option in ("--help", "-h"):
        result = run(option)
        assert (result.code, result.err) == (0, "")
        assert result.out.splitlines()[0].endswith("mobileiqa export [OPTIONS]")
        for name in (
            "--checkpoint",
            "--format",
            "--output",
            "--input-size HEIGHTxWIDTH",
            "--no-rewrite",
            "--force",
        ):
            assert name in result.out
