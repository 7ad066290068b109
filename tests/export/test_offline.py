"""An export opens no connection, and leaves no file but the artifact."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDS = {"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}

# Sockets of the process and of native code in it: what Python announces, and what the kernel lists.
WATCH = """
import os, sys
events = []
sys.addaudithook(lambda event, arguments: event.startswith("socket.") and events.append((event, arguments)))
from mobileiqa_sdk.cli import main
sys.argv = ["mobileiqa", "export", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
assert events == [], events
if os.path.isdir("/proc/self/fd"):
    paths = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    targets = [os.readlink(path) for path in paths if os.path.islink(path)]
    assert not [target for target in targets if target.startswith("socket:")], targets
"""


@pytest.mark.parametrize("file_format", NEEDS)
def test_an_export_leaves_no_file_in_a_fresh_home(
    file_format: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    if find_spec(NEEDS[file_format]) is None:
        pytest.skip(f"{NEEDS[file_format]} is not installed")
    home, output = tmp_path / "home", tmp_path / "artifact"
    home.mkdir()
    folders = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    arguments = ("--checkpoint", tiny_checkpoint, "--format", file_format, "-o", output)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *map(str, arguments), "--no-timing", "--verification-images", "4"],
        env={
            **dict.fromkeys(folders, str(home)),
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert output.is_dir()
    assert [str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir()] == []
