"""An export that is killed leaves nothing that looks finished, and nothing in the way of the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mobileiqa_export.output import scratch_beside
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.library import sha256_of
from mobileiqa_sdk.verification import replay_golden

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")

# Runs the command, and kills itself where the finished folder is about to get its name, or just got it.
SELF_KILL = """
import os, signal, sys
from mobileiqa_sdk.cli import main
moment, real = sys.argv.pop(1), os.replace

def replace(source, target):
    if moment == "after":
        real(source, target)
    os.kill(os.getpid(), signal.SIGKILL)

os.replace = replace
main()
"""


def options(checkpoint: Path, output: Path) -> list[str]:
    command = ["export", "--checkpoint", str(checkpoint), "-o", str(output)]
    return [*command, "--verification-images", "4"]


def kill_at(line: str, command: list[str]) -> None:
    """Start an export, and kill it as soon as it says this."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for text in process.stderr:
            said.append(text)
            if text.startswith(line):
                process.kill()
                break
        else:
            pytest.fail(f"it never said {line!r}, but {said}")
        process.wait()
    assert process.returncode == -signal.SIGKILL


def looks_finished(folder: Path) -> list[str]:
    """What a person, or a script that lists the folder, would take for an artifact."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(".mobileiqa-export-")]


def test_killed_again_and_again(tiny_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = [sys.executable, "-m", "mobileiqa_sdk", *options(tiny_checkpoint, output)]
    for moment in ("making the test images", "writing onnx fp32", "verifying onnx fp32"):
        kill_at(moment, command)
        assert looks_finished(tmp_path) == []
    last = [sys.executable, "-c", SELF_KILL, "before", *options(tiny_checkpoint, output)]
    assert subprocess.run(last, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert looks_finished(tmp_path) == []
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) == 4, "a killed export leaves its scratch folder, as nobody else may delete it"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [*left, "out"]
    assert replay_golden(Scorer(output, threads=1)).passed


def test_another_export_that_is_running_keeps_its_folder(tmp_path: Path) -> None:
    with scratch_beside(tmp_path / "first") as first:
        os.utime(first, (0, 0))
        with scratch_beside(tmp_path / "second") as second:
            assert first.is_dir()
            assert second.is_dir()
    assert not list(tmp_path.iterdir())


def test_killed_once_it_has_its_name(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """From then on it is whole."""
    output = tmp_path / "out"
    command = [sys.executable, "-c", SELF_KILL, "after", *options(tiny_checkpoint, output)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert looks_finished(tmp_path) == ["out"]
    assert replay_golden(Scorer(output, threads=1)).passed
    assert (output / "SHA256SUMS").read_text() == f"{sha256_of(output / 'model.onnx')}  model.onnx\n"
