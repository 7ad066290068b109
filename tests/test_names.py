"""Names say what they hold: words that could stand for anything are not used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EMPTY = {"found", "wanted", "told", "shop", "say", "way", "Way", "form"}
FOLDERS = ("mobileiqa_sdk", "export", "benchmarks", "training", "tests")
FILES = sorted(path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def names(node: ast.AST) -> Iterator[str]:
    """The names that a node and all below it give; keys of a TypedDict are those of a file, and not names."""
    if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TypedDict" for base in node.bases):
        yield node.name
        return
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.alias) and node.asname:
        yield node.asname
    for child in ast.iter_child_nodes(node):
        yield from names(child)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_names_have_content(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert sorted(EMPTY.intersection(names(tree))) == []


def test_every_kind_of_name_is_seen() -> None:
    code = """
import numpy as form
class Way:
    told: int
    def say(self, wanted, *found):
        self.shop = [way for way in found]
class Row(TypedDict):
    found: float
"""
    assert set(names(ast.parse(code))) >= EMPTY
    assert "found" not in set(names(ast.parse(code.partition("class Row")[2].join(["class Row", ""]))))
