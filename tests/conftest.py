from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mobileiqa_sdk.cli import main

ROOT = Path(__file__).parents[1]
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


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Call the ``mobileiqa`` command in this process; what libraries print beside Python counts too."""

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["mobileiqa", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return Result(code, *capfd.readouterr())

    return call
