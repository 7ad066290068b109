"""What a terminal shows beyond plain rows: colours of the bands, and a line of progress."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

import click

_COLOURS = {"bad": "red", "poor": "yellow", "fair": None, "good": "green", "excellent": "bright_green"}
_STEP = 0.1  # seconds between two states of the line


def is_terminal(stream: TextIO | None) -> bool:
    """Returns whether a stream is a terminal; a closed stream is None."""
    return stream is not None and stream.isatty()


def coloured(word: str, width: int) -> str:
    """Returns a band, or the word ``error``, padded to a width, in colour if stdout shows colours."""
    plain = f"{word:{width}}"
    no_colours = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if no_colours or not is_terminal(sys.stdout):
        return plain
    return click.style(plain, fg=_COLOURS.get(word, "red"))


class StatusLine:
    """One line on stderr that is written over: ``scoring  40%  120 of 300, about 12 s left``.

    It shows nothing unless stderr is a terminal and there are at least two items.

    Args:
        total: number of items; None is not known, and any number.
        quiet: show nothing.
    """

    def __init__(self, total: int | None, *, quiet: bool = False) -> None:
        self._total = total
        self._is_on = not quiet and (total is None or total > 1) and is_terminal(sys.stderr)
        self._started = time.monotonic()
        self._drawn_at = 0.0
        self._length = 0

    def show(self, done: int) -> None:
        """Draws the line anew; not more often than ten times a second, except for the first and the last."""
        now = time.monotonic()
        if not self._is_on or (now - self._drawn_at < _STEP and done not in (0, self._total)):
            return
        text = self._text(done, now - self._started)[: _columns() - 1]
        self.clear()
        click.echo(text, err=True, nl=False)
        self._length, self._drawn_at = len(text), now

    def _text(self, done: int, seconds: float) -> str:
        if self._total is None:
            return f"scoring  {done} photos, {done / max(seconds, _STEP):.1f} a second"
        text = f"scoring {done / self._total:4.0%}  {done} of {self._total}"
        if 0 < done < self._total:
            text += f", about {seconds / done * (self._total - done):.0f} s left"
        return text

    def clear(self) -> None:
        """Removes the line, so that something else can be written in its place."""
        if self._length:
            click.echo(f"\r{' ' * self._length}\r", err=True, nl=False)
            self._length = 0


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
