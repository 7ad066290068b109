"""No function or class has the name of a module beside it: ``package.name`` is the module for everyone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmarks/mobileiqa_bench", "training")
INITS = ("mobileiqa_sdk", "export/mobileiqa_export", "export/mobileiqa_mil")
MODULES = sorted(
    path.relative_to(ROOT)
    for folders, names in ((PACKAGES, "*.py"), (INITS, "__init__.py"))
    for folder in folders
    for path in (ROOT / folder).rglob(names)
)

DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def bound(tree: ast.Module) -> Iterator[str]:
    """The names that a module defines or imports at its top level, apart from modules."""
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (alias.asname or alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_shadows_a_module(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_bytes())
    if path.name == "__init__.py":
        modules = {file.stem for file in (ROOT / path).parent.iterdir()}
        assert set(bound(tree)) & modules == set()
    else:
        assert path.stem not in {node.name for node in tree.body if isinstance(node, DEFINITIONS)}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def table(): ...\n", {"table"}),
        ("class table: ...\n", {"table"}),
        ("from .table import table\n", {"table"}),
        ("from .table import grid as table\n", {"table"}),
        ("from . import table\n", set()),
    ],
)
def test_every_kind_of_binding_is_seen(code: str, names: set[str]) -> None:
    assert set(bound(ast.parse(code))) == names
