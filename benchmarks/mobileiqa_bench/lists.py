"""Options that take several values: ``--threads 1,2``, ``--threads 1 --threads 2``, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _List(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click
    """A comma-separated list of words, or of whole numbers above 0."""

    def __init__(self, known: Sequence[str] | None, numbers_to: int) -> None:
        self.known, self.numbers_to = known, numbers_to
        self.name = "N,..." if numbers_to else "NAME,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        for word in words:
            if self.numbers_to and not (word.isdecimal() and 1 <= int(word[:9]) <= self.numbers_to):
                self.fail(f"{word!r} is not a whole number from 1 to {self.numbers_to}", param, ctx)
            if self.known is not None and word not in self.known:
                self.fail(f"{word!r} is not one of {', '.join(self.known)}", param, ctx)
        if not words:
            self.fail("is empty", param, ctx)
        return tuple(map(int, words) if self.numbers_to else words)


def list_option(
    *names: str, known: Sequence[str] | None = None, numbers_to: int = 0, **attributes: Any
) -> Callable[[_Command], _Command]:
    """Returns a click option whose value is a tuple of str, or of int, without duplicates.

    The values of a repeated option are joined, in the order they were given. Without the option, the tuple
    is empty.

    Args:
        names: as for :func:`click.option`.
        known: the words that are accepted; None accepts any.
        numbers_to: the largest whole number that is accepted, instead of words; 0 for words.
        attributes: as for :func:`click.option`.
    """
    return click.option(*names, type=_List(known, numbers_to), multiple=True, callback=_joined, **attributes)


def _joined(ctx: click.Context, param: click.Parameter, values: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for part in values for value in part))
