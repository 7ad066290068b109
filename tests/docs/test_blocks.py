"""Every block of code in the documents is run, here or by another test, or it says why it is not.

The line before a block, whatever its language, is one of

- ``<!-- run -->``: it is run here, in a folder with a photo and some more; ``<!-- run: MODULE -->`` where the
  module is installed;
- ``<!-- tested by: FILE -->``: that test runs it, and reads it from the document;
- ``<!-- ci: NAME -->``: `.ci/run` runs README's block of this name;
- ``<!-- not run in CI: REASON -->``.

A block without a language shows what a command prints.
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
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("android_demo", "benchmarks/device", "web")),
    ROOT / "CONTRIBUTING.md",
]
PROGRAMS = set("adb apt-get cat curl docker find git make mobileiqa npm pip python".split())


class Block(NamedTuple):
    """A block: where it stands, its language and its mark (both "" without one), and its text."""

    place: str
    language: str
    mark: str
    text: str


def blocks_in(text: str, name: str) -> list[Block]:
    """All blocks of a document."""
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
    kind, _, value = map(str.strip, block.mark.partition(":"))
    if not block.language:
        assert kind == ""
        assert not PROGRAMS & {line.partition(" ")[0] for line in block.text.splitlines()}
    elif kind == "run":
        assert block.language in ("sh", "python")
    elif kind == "ci":
        assert block.place.startswith("README.md")
        assert f"$(readme {value})" in (ROOT / ".ci" / "run").read_text()
    elif kind == "tested by":
        assert Path(block.place.partition(":")[0]).name in (ROOT / value).read_text(encoding="utf-8")
    else:
        assert kind == "not run in CI", f"{block.place}: {block.mark!r}"
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
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400, check=False
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
        Block("f:15", "json", "", ""),
    ]
