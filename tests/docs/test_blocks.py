"""Every block of commands in README and docs is run: here, by `.ci/run`, or it says why it is not.

The line before a block is one of

- ``<!-- run -->``: it is run here, in a folder with a photo and some more; ``<!-- run: MODULE -->`` where the
  module is installed;
- ``<!-- ci: NAME -->``: `.ci/run` runs it;
- ``<!-- not run in CI: REASON -->``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"sh", "bash", "console", "python"}


class Block(NamedTuple):
    """A block of code: where it stands, its language, its mark ("" without one) and its text."""

    place: str
    language: str
    mark: str
    text: str


def blocks_in(text: str, name: str) -> list[Block]:
    """The blocks of commands in a document."""
    blocks = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        if not lines[number].startswith("```"):
            number += 1
            continue
        end = lines.index("```", number + 1)
        language = lines[number][3:]
        before = [line for line in lines[max(0, number - 2) : number] if line.strip()]
        mark = re.fullmatch(r"<!-- (.*) -->", before[-1]) if before else None
        if language in LANGUAGES:
            code = "\n".join(lines[number + 1 : end])
            blocks.append(Block(f"{name}:{number + 1}", language, mark[1] if mark else "", code))
        number = end + 1
    return blocks


BLOCKS = [
    block
    for path in DOCUMENTS
    for block in blocks_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_says_who_runs_it(block: Block) -> None:
    kind, _, value = block.mark.partition(":")
    assert kind in ("run", "ci", "not run in CI"), f"{block.place}: {block.mark!r}"
    if kind == "ci":
        assert block.place.startswith("README.md")
        assert f"$(readme {value.strip()})" in (ROOT / ".ci" / "run").read_text()
    if kind == "not run in CI":
        assert len(value.split()) > 2


@pytest.mark.skipif(os.name != "posix", reason="the commands are those of a POSIX shell")
@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.mark.startswith("run")], ids=lambda block: block.place
)
def test_a_block_runs(block: Block, reader: Path, environment: dict[str, str], tmp_path: Path) -> None:
    if module := block.mark.partition(":")[2].strip():
        pytest.importorskip(module)
    shutil.copytree(reader, tmp_path, dirs_exist_ok=True)
    if block.language == "python":
        (tmp_path / "block.py").write_text(block.text)
        command = [sys.executable, "block.py"]
    else:
        command = ["bash", "-euo", "pipefail", "-c", block.text]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_the_set_up_has_two_commands() -> None:
    marks = [block.mark for block in BLOCKS if block.mark.startswith("ci:")]
    assert marks == ["ci: score", "ci: test"]
    for block in BLOCKS:
        if block.mark.startswith("ci:"):
            assert block.text.count("\n") == 0


def test_the_table_of_extras_has_all_of_them() -> None:
    names = re.search(r"optional-dependencies\]\n(.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert names
    extras = set(re.findall(r"^([a-z-]+) = ", names[1], re.MULTILINE))
    table = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)`", " ".join(table))) == extras
    assert "ray" in extras


def test_blocks_and_their_marks_are_seen() -> None:
    marked = "<!-- run -->\n```sh\na\nb\n```\n"
    text = f"{marked}\n```python\nc\n```\n<!-- x: y -->\n\n```console\n$ d\n```\n```json\n```\n"
    assert blocks_in(text, "f") == [
        Block("f:2", "sh", "run", "a\nb"),
        Block("f:7", "python", "", "c"),
        Block("f:12", "console", "x: y", "$ d"),
    ]
