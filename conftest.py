"""``pytest -m quick``: all test modules except those in tests/slow.txt, which are not even imported."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
SLOW = frozenset((ROOT / "tests" / "slow.txt").read_text(encoding="utf-8").split())


def _is_slow(path: Path) -> bool:
    relative = path.relative_to(ROOT)
    return any(part.as_posix() in SLOW for part in (relative, *relative.parents))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves slow modules alone where only quick tests are asked for: their imports alone take a while."""
    if config.getoption("markexpr") == "quick" and _is_slow(collection_path):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of all other modules."""
    for item in items:
        if not _is_slow(item.path):
            item.add_marker("quick")
