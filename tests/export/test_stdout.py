"""A command's answer is alone on stdout."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PRINTS = {
    "Python": "print('noise')",
    "native code": "os.write(1, b'noise')",
    "a child": "subprocess.run([sys.executable, '-c', 'print(\"noise\")'])",
    "the first stdout": "sys.__stdout__.write('noise')",
    "at exit": "atexit.register(print, 'noise')",
    "at exit, natively": "atexit.register(os.write, 1, b'noise')",
}


@pytest.mark.parametrize("kind", PRINTS)
def test_the_answer_is_alone(kind: str) -> None:
    code = f"""
import atexit, os, subprocess, sys
from mobileiqa_export.stdout import stdout_to_stderr
with stdout_to_stderr():
    {PRINTS[kind]}
print("answer")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "answer\n"
    assert "noise" in run.stderr


@pytest.mark.skipif(os.name != "posix", reason="descriptors are inherited on POSIX alone")
def test_a_closed_stdout() -> None:
    code = """
import os
os.close(1)
from mobileiqa_export.stdout import stdout_to_stderr
with stdout_to_stderr():
    os.write(2, b"fine")
os._exit(0)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "fine")
