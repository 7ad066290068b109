"""How long-running work reports what it is doing: one protocol with two levels."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO

from ._text import one_line


class Progress(Protocol):
    """Receives a line of text for each step of a long task, and its warnings.

    Pass your own to show them elsewhere; :class:`Silent` and :class:`Lines` are ready-made.
    """

    def step(self, text: str) -> None:
        """Receives the text of a step that begins, such as ``"writing onnx fp32"``."""
        ...

    def warn(self, text: str) -> None:
        """Receives something that the user should know although the task goes on."""
        ...


class Silent:
    """Discards everything."""

    def step(self, text: str) -> None:
        """Does nothing."""

    def warn(self, text: str) -> None:
        """Does nothing."""


class Lines:
    """Writes a line for each step and warning: ``writing onnx fp32 ...``, ``warning: ...``.

    Args:
        stream: where to; ``sys.stderr`` at the time of writing if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def step(self, text: str) -> None:
        """Writes ``text ...``."""
        self._write(f"{text} ...")

    def warn(self, text: str) -> None:
        """Writes ``warning: text``."""
        self._write(f"warning: {text}")

    def _write(self, line: str) -> None:
        print(one_line(line), file=self._stream or sys.stderr, flush=True)


SILENT: Progress = Silent()
