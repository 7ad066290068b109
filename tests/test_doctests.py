"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("mobileiqa_sdk", "export/mobileiqa_export", "export/mobileiqa_mil", "benchmarks/mobileiqa_bench")


def modules_with_examples() -> list[str]:
    """Modules whose source has a prompt; the others need not be imported."""
    names = []
    for package in PACKAGES:
        source = ROOT / Path(package).parent
        for path in sorted((ROOT / package).rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                parts = path.relative_to(source).with_suffix("").parts
                names.append(".".join(part for part in parts if part != "__init__"))
    return names


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
