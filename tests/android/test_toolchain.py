"""What is downloaded is what was pinned, or is not used."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from . import toolbox

PINNED = hashlib.sha256(b"pinned\n").hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    toolbox.need("bash", "sha256sum")
    return tmp_path / "cache"


def in_toolchain(cache: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run lines of shell with the functions of toolchain.sh."""
    return subprocess.run(
        ["bash", "-c", f"source {toolbox.DEMO}/toolchain.sh\n{script}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "MOBILEIQA_ANDROID_CACHE": str(cache)},
    )


def maker(content: str) -> str:
    """A maker that downloads a file of this content, and counts how often it was called."""
    return f"""
maker() {{
    echo called
    echo {content} >"$1/file"
    check_sha256 "$1/file" {PINNED} || return
    cp "$1/file" "$2"
}}
"""


def test_a_file_as_pinned_is_unpacked_once(cache: Path) -> None:
    twice = f"unpacked it {PINNED} maker; unpacked it {PINNED} maker"
    result = in_toolchain(cache, maker("pinned") + twice)
    assert (result.returncode, result.stdout) == (0, "called\n")
    assert sorted(file.name for file in (cache / "it").iterdir()) == [".made-of", "file"]
    assert [folder.name for folder in cache.iterdir()] == ["it"]


def test_another_pin_replaces_what_is_there(cache: Path) -> None:
    (cache / "it").mkdir(parents=True)
    (cache / "it/.made-of").write_text("0" * 64)
    (cache / "it/old").write_text("")
    assert in_toolchain(cache, maker("pinned") + f"unpacked it {PINNED} maker").returncode == 0
    assert not (cache / "it/old").exists()


def test_a_file_that_is_not_as_pinned_is_not_used(cache: Path) -> None:
    result = in_toolchain(cache, maker("forged") + f"unpacked it {PINNED} maker")
    assert result.returncode != 0
    assert "file: not the file that was pinned; it was not used" in result.stderr
    assert not list(cache.iterdir())


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_scripts_are_clean() -> None:
    scripts = sorted(toolbox.DEMO.glob("*.sh"))
    assert scripts
    toolbox.run("shellcheck", "-x", *scripts)
