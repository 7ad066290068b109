"""Hides what other libraries print on stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr

_STDERR = 2


@contextmanager
def logs_of_others_off() -> Iterator[None]:
    """Drops what libraries log below errors: torch and its companions warn while they are imported."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def native_stderr_off() -> Iterator[None]:
    """Discards what native code writes to stderr; Python code in the block can still write there.

    Used while a model is loaded: LiteRT then says that it is about to use the CPU.
    """
    try:
        copy = os.dup(_STDERR)
    except OSError:  # closed
        yield
        return
    with ExitStack() as stack:
        stack.callback(os.close, copy)
        if sys.stderr is not None and _descriptor() == _STDERR:
            own = os.fdopen(os.dup(copy), "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors)
            stack.enter_context(own)
            stack.enter_context(redirect_stderr(own))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        stack.callback(os.dup2, copy, _STDERR)
        os.dup2(nowhere, _STDERR)
        yield


def _descriptor() -> int | None:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError):  # another object in its place
        return None
