"""Keeps stdout for the answer of a command: networks and converters print as they like."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STDOUT, _STDERR = 1, 2


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Sends what Python code, native code and child processes print to stderr.

    What is written after the block goes to stdout again, until Python exits: what the handlers of others
    print at exit goes to stderr too.
    """
    _flush()
    try:
        copy = os.dup(_STDOUT)
    except OSError:  # closed, as under a service manager
        yield
        return
    try:
        _join()
        yield
    finally:
        _flush()
        os.dup2(copy, _STDOUT)
        os.close(copy)
        atexit.register(_at_exit)  # the last to register is the first to run


def _at_exit() -> None:
    _flush()
    _join()


def _flush() -> None:
    if sys.stdout is not None:
        with suppress(OSError, ValueError):  # closed
            sys.stdout.flush()


def _join() -> None:
    with suppress(OSError):
        os.dup2(_STDERR, _STDOUT)
