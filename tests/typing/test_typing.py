"""The public API's types: right uses pass ``mypy --strict``, wrong ones are errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

API = Path(__file__).with_name("api.py")
ROOT = Path(__file__).parents[2]


def test_the_public_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--show-error-codes",
         "--cache-dir", str(tmp_path), str(API)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )  # fmt: skip
    reported = set(re.findall(r"api\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE))
    expected = {
        (str(number), code)
        for number, line in enumerate(API.read_text().splitlines(), 1)
        for code in re.findall(r"# E: ([\w-]+)$", line)
    }
    assert reported == expected, done.stdout
    assert len(expected) > 8
