"""Packages import one way: the SDK, the benchmarks, the export, the training; each knows those before it."""

from __future__ import annotations

import ast
import re
import sys
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


def test_tables_have_one_writer() -> None:
    """Whoever writes the line under a Markdown table's header writes the table."""
    folders = ("mobileiqa_sdk", "benchmarks", "export", "training", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    writers = {file for file in files if re.search(r"\|[ :]*--", file.read_text(encoding="utf-8"))}
    assert writers == {ROOT / "benchmarks/mobileiqa_bench/tables.py"}


def blames_whoever_it_was(node: ast.Try) -> bool:
    """Returns whether a try turns a MemoryError into another error, as one of whatever made it."""
    for handler in node.handlers:
        kinds = ast.unparse(handler.type).strip("()").split(", ") if handler.type else ["BaseException"]
        raises = [part for part in ast.walk(handler) if isinstance(part, ast.Raise) and part.exc]
        if "MemoryError" in kinds:
            return False
        if {"Exception", "BaseException"}.intersection(kinds) and raises:
            return True
    return False


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_memory_that_runs_out_is_the_fault_of_no_file_and_no_network(folder: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Try) and blames_whoever_it_was(node)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("handlers", "blames"),
    [
        ("except Exception as e:\n raise ValueError from e", True),
        ("except:\n raise ValueError", True),
        ("except MemoryError:\n raise\nexcept Exception as e:\n raise ValueError from e", False),
        ("except (OSError, MemoryError):\n raise\nexcept Exception as e:\n raise ValueError from e", False),
        ("except OSError:\n raise\nexcept Exception as e:\n raise ValueError from e", True),
        ("except Exception:\n raise", False),
        ("except Exception:\n pass", False),
    ],
)
def test_every_such_handler_is_seen(handlers: str, blames: bool) -> None:
    (node,) = ast.parse(f"try:\n pass\n{handlers}").body
    assert isinstance(node, ast.Try)
    assert blames_whoever_it_was(node) is blames


PRIVATE_PARTS = ROOT / "export/mobileiqa_export/_vendor.py"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_private_parts_of_other_libraries_are_in_one_module(folder: str) -> None:
    files = set((ROOT / folder).rglob("*.py")) - {PRIVATE_PARTS}
    wrong = {
        (str(file.relative_to(ROOT)), part) for file in files for part in private_parts(file.read_text())
    }
    assert wrong == set()


def private_parts(code: str) -> set[str]:
    """Returns what code imports or takes from another library by a name that begins with ``_``."""
    tree = ast.parse(code)
    known: dict[str, str] = {}
    parts: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        else:
            continue
        others = {name: path for name, path in names.items() if is_other(path.partition(".")[0])}
        known |= others
        parts |= {path for path in others.values() if any(map(is_private, path.split(".")))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            text = ast.unparse(node)
            if text.partition(".")[0] in known and text.replace(".", "").isidentifier():
                parts.add(text)
    return parts


def is_other(package: str) -> bool:
    return package not in OURS and package not in sys.stdlib_module_names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("from torch.utils._pytree import tree_map", {"torch.utils._pytree.tree_map"}),
        ("from torch import _C as c", {"torch._C"}),
        ("import torch\ntorch._C._nn.x()", {"torch._C", "torch._C._nn"}),
        ("import torch.nn as nn\nnn.functional._pad", {"nn.functional._pad"}),
        ("from PIL import ImageFile\nImageFile._Tile", {"ImageFile._Tile"}),
        ("import torch\ntorch.__version__\nself._torch", set()),
        ("import sys\nsys._getframe()\nfrom mobileiqa_sdk._text import one_line", set()),
    ],
)
def test_every_private_part_is_seen(code: str, parts: set[str]) -> None:
    assert private_parts(code) == parts


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


def test_ci_has_the_oldest_packages_that_are_allowed() -> None:
    (allowed,) = re.findall(r"^dependencies = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    oldest = re.findall(r"^([\w-]+)==([\d.]+)\.\*$", (ROOT / "tests/oldest.txt").read_text(), re.MULTILINE)
    assert oldest == sorted(re.findall(r'"([\w-]+)>=([\d.]+)', allowed))
    assert "tests/oldest.txt" in (ROOT / ".ci/run").read_text()
