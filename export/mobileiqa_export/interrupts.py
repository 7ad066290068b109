"""Ctrl-C that is not lost: some libraries swallow KeyboardInterrupt where it happens to be raised."""

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

    def request(self) -> None:
        """Notes that the user wants to stop."""
        self._requested = True

    def check(self) -> None:
        """Raises KeyboardInterrupt if the user wants to stop."""
        if self._requested:
            raise KeyboardInterrupt

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

    def handler(signum: int, frame: FrameType | None) -> None:
        watching.request()
        signal.default_int_handler(signum, frame)

    signal.signal(signal.SIGINT, handler)
    try:
        yield watching
        watching.check()
    except Exception:
        watching.check()  # "cannot be imported" may be the interrupt
        raise
    finally:
        signal.signal(signal.SIGINT, previous)
