"""Temporary folders are removed whichever way an export ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mobileiqa_export.scratch import remove_all, scratch_folder, temporary_files_together


def test_a_scratch_folder_takes_its_parents_along(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "a" / "b", ".x-") as folder:
        (folder / "file").write_bytes(b"x")
        assert folder.parent == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []


def test_parents_that_hold_something_else_stay(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "a", ".x-"):
        (tmp_path / "a" / "kept").write_bytes(b"x")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]


def test_all_can_be_removed_in_the_middle(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "a", ".x-"):
        remove_all()
        assert list(tmp_path.iterdir()) == []


def test_temporary_files_go_to_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with temporary_files_together():
        inside = Path(tempfile.mkdtemp())
        assert inside.parent.parent == tmp_path
        assert os.environ["TMPDIR"] == str(inside.parent)
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)


STUCK = """
import sys, time
from pathlib import Path
from mobileiqa_export.interrupts import ending_at_once, interruptible, interrupts_deferred
from mobileiqa_export.scratch import remove_all, scratch_folder
from mobileiqa_sdk.progress import SILENT

with ending_at_once(remove_all) as end, interruptible(SILENT, end), scratch_folder(Path(sys.argv[1]), ".x-"):
    print("ready", flush=True)
    if sys.argv[2] == "native":
        with interrupts_deferred():  # as native code that returns after minutes
            while True:
                time.sleep(1)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("kind", ["python", "native"])
def test_ctrl_c_ends_in_time_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUCK, str(tmp_path / "out"), kind]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert process.wait(timeout=20) == 130
        took = time.monotonic() - start
        assert "interrupted" in process.stderr.read()
    assert took < 5  # half a second, and what a busy machine takes
    assert list(tmp_path.iterdir()) == []
