from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from mobileiqa_sdk.cli import main


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
