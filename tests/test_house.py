"""Packages import one way: the SDK, the benchmarks, the export, the training; each knows those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "mobileiqa_sdk": set(),
    "benchmarks/mobileiqa_bench": {"mobileiqa_sdk"},
    "export/mobileiqa_mil": {"mobileiqa_sdk"},
    "export/mobileiqa_export": {"mobileiqa_sdk", "mobileiqa_bench", "mobileiqa_mil"},
    "training": {"mobileiqa_sdk", "mobileiqa_bench", "mobileiqa_export", "mobileiqa_mil"},
}
OURS = {Path(folder).name for folder in MAY_IMPORT}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_packages_import_one_way(folder: str) -> None:
    allowed = MAY_IMPORT[folder] | {Path(folder).name}
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    wrong = {
        (str(file.relative_to(ROOT)), package)
        for file in files
        for package in imported(file)
        if package in OURS - allowed
    }
    assert wrong == set()


def imported(file: Path) -> set[str]:
    """Returns the top-level packages that a file imports anywhere, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_modules_do_not_import_in_circles(folder: str) -> None:
    """Imports outside functions count, those for type checkers too."""
    files = {module_name(file, folder): file for file in (ROOT / folder).rglob("*.py")}
    graph = {name: imported_modules(name, file, set(files)) for name, file in files.items()}
    assert sum(map(len, graph.values())) > len(graph) / 2
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def module_name(file: Path, folder: str) -> str:
    parts = file.relative_to((ROOT / folder).parent).with_suffix("").parts
    return ".".join(parts)


def imported_modules(name: str, file: Path, known: set[str]) -> set[str]:
    """Returns the modules from which a module takes names by relative imports outside functions."""
    modules = set()
    for node in outside_functions(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([*name.split(".")[: -node.level], *filter(None, [node.module])])
            for alias in node.names:
                places = (f"{base}.{alias.name}", f"{base}.{alias.name}.__init__", base, f"{base}.__init__")
                modules |= {next(place for place in places if place in known)}
    return modules


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from outside_functions(child)
