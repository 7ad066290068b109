"""Hides what other libraries print, log and warn of."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout

_STDOUT, _STDERR = 1, 2


@contextmanager
def quiet() -> Iterator[None]:
    """Discards what Python and native code print, log below errors and warn of.

    For converters, which talk a lot: what goes wrong in them arrives as exceptions. The whole process is
    silent meanwhile, its other threads too.
    """
    # Where the root logger has no handler, functions such as logging.info install one that stays.
    handler = logging.NullHandler()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(logs_of_others_off())
        logging.root.addHandler(handler)
        stack.callback(logging.root.removeHandler, handler)
        for stream, descriptor in ((sys.stdout, _STDOUT), (sys.stderr, _STDERR)):
            if stream is not None:
                stream.flush()
            stack.enter_context(_discarded(descriptor))
        sink = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        stack.enter_context(redirect_stdout(sink))
        stack.enter_context(redirect_stderr(sink))
        yield


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
    with ExitStack() as stack:
        writes_to_stderr = sys.stderr is not None and _descriptor() == _STDERR
        copy = stack.enter_context(_discarded(_STDERR))
        if copy is not None and writes_to_stderr:
            own = os.fdopen(os.dup(copy), "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors)
            stack.enter_context(own)
            stack.enter_context(redirect_stderr(own))
        yield


@contextmanager
def _discarded(descriptor: int) -> Iterator[int | None]:
    """Discards what is written to a file descriptor.

    Yields another descriptor of what it was open for, or None if it was closed, as under a service manager.
    """
    try:
        copy = os.dup(descriptor)
    except OSError:
        yield None
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield copy
    finally:
        os.dup2(copy, descriptor)
        os.close(copy)
        os.close(nowhere)


def _descriptor() -> int | None:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError):  # another object in its place
        return None
