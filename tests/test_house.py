"""Packages import one way: the SDK, the benchmarks, the export, the training; each knows those before it."""

from __future__ import annotations

import ast
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
