"""Types of options, and what several of them check."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from .._replacing import check_replaceable
from ..runtimes import BUILTIN, available


class _Runtime(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click
    """The name of a runtime. Other packages' are looked up only for other names and for the help."""

    name = "runtime"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in BUILTIN and value not in available():
            self.fail(f"{value!r} is not one of {', '.join(available())}.", param, ctx)
        return value

    def get_metavar(self, *_: object, **__: object) -> str:
        return f"[{'|'.join(available())}]"


class _Score(click.FloatRange):
    """A number from 0 to 1; click's own range takes NaN."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a score from 0 to 1.", param, ctx)
        return number


RUNTIME = _Runtime()
SCORE = _Score()


def check_output(option: str, file: Path) -> None:
    """Raises UsageError if an option names a file that could not be written in the end."""
    if not file.parent.is_dir():
        raise click.UsageError(f"{option} {file}: the folder {str(file.parent)!r} does not exist")
    try:
        check_replaceable(file)
    except OSError as error:
        raise click.UsageError(f"{option} {file}: {error.strerror}") from error
