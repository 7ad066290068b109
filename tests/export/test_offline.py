"""An export opens no connection, and leaves no file but the artifact."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ..fresh_home import COMMAND, environment, files_in

NEEDS = {"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}


@pytest.mark.parametrize("file_format", NEEDS)
def test_an_export_leaves_no_file_in_a_fresh_home(
    file_format: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    if find_spec(NEEDS[file_format]) is None:
        pytest.skip(f"{NEEDS[file_format]} is not installed")
    home, output = tmp_path / "home", tmp_path / "artifact"
    home.mkdir()
    arguments = ("export", "--checkpoint", tiny_checkpoint, "--format", file_format, "-o", output)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments), "--no-timing", "--verification-images", "4"],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert output.is_dir()
    assert files_in(home) == []
