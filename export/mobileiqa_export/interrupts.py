"""Ctrl-C that is not lost, and that does not crash: it may arrive while a converter runs native code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mobileiqa_sdk.progress import Progress


class Interruptible:
    """Progress that raises KeyboardInterrupt at the next step if Ctrl-C was pressed and swallowed.

    torch's weak-reference callbacks, for example, print "Exception ignored" and go on.
    """

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._requested = False
        self._deferred = False

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """Handles SIGINT: raises KeyboardInterrupt, where it is deferred only from the second time on."""
        first = not self._requested
        self._requested = True
        if self._deferred and first:
            return  # nothing is said: a converter has all output silenced
        signal.default_int_handler(signum, frame)

    def check(self) -> None:
        """Raises KeyboardInterrupt if the user wants to stop."""
        if self._requested:
            raise KeyboardInterrupt

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Lets the block end before Ctrl-C is raised."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
            self.check()

    def step(self, text: str) -> None:
        """Passes a step on, or raises KeyboardInterrupt."""
        self.check()
        self._inner.step(text)

    def warn(self, text: str) -> None:
        """Passes a warning on, or raises KeyboardInterrupt."""
        self.check()
        self._inner.warn(text)


@contextmanager
def interruptible(progress: Progress) -> Iterator[Interruptible]:
    """Remembers Ctrl-C while the block runs; an error that it caused leaves as KeyboardInterrupt.

    The handler is installed in the main thread only, and only where Ctrl-C has Python's own handler.
    """
    watching = Interruptible(progress)
    previous = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or previous is not signal.default_int_handler:
        yield watching
        return
    signal.signal(signal.SIGINT, watching.handle)
    try:
        yield watching
        watching.check()
    except Exception:
        watching.check()  # "cannot be imported" may be the interrupt
        raise
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Lets the block end before Ctrl-C is raised, if :func:`interruptible` handles it.

    A KeyboardInterrupt that is raised in a callback from native code is swallowed, or ends the process.
    """
    handler = signal.getsignal(signal.SIGINT)
    owner = getattr(handler, "__self__", None)
    if isinstance(owner, Interruptible):
        with owner.deferring():
            yield
    else:
        yield
