"""Ctrl-C that is not lost, and that does not crash: it may arrive while a converter runs native code."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mobileiqa_sdk.cli import INTERRUPTED
from mobileiqa_sdk.progress import Progress

_PATIENCE_S = 0.5
_STDERR = 2


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

    @property
    def requested(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._requested

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
def interruptible(
    progress: Progress, end_process: Callable[[], object] | None = None
) -> Iterator[Interruptible]:
    """Remembers Ctrl-C while the block runs; an error that it caused leaves as KeyboardInterrupt.

    The handler is installed in the main thread only, and only where Ctrl-C has Python's own handler.

    Args:
        progress: that the block's progress is passed on to.
        end_process: called in another thread where native code, or a block that defers it, still runs half a
            second after Ctrl-C; and instead of KeyboardInterrupt, since Python may take seconds to end.
    """
    watching = Interruptible(progress)
    previous = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or previous is not signal.default_int_handler:
        yield watching
        return
    signal.signal(signal.SIGINT, watching.handle)
    try:
        with _patience(end_process):
            yield watching
            watching.check()
    except (Exception, KeyboardInterrupt):
        # "cannot be imported" may be the interrupt
        if watching.requested and end_process:
            end_process()
        watching.check()
        raise
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def ending_at_once(tidy: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Yields a function that ends the process as Ctrl-C does, whatever else the process is doing.

    Args:
        tidy: called first.
    """
    try:
        stderr = os.dup(_STDERR)  # converters are silenced by closing what this is a copy of
    except OSError:  # closed, as under a service manager
        stderr = os.open(os.devnull, os.O_WRONLY)

    def end() -> None:
        tidy()
        with suppress(OSError):
            os.write(stderr, b"mobileiqa: interrupted\n")
        os._exit(INTERRUPTED)

    try:
        yield end
    finally:
        os.close(stderr)


@contextmanager
def _patience(end_process: Callable[[], object] | None) -> Iterator[None]:
    """Calls a function in another thread if the block has not ended half a second after Ctrl-C.

    Python's handlers wait for native code to return. What the operating system calls does not, and writes the
    number of the signal to a pipe.
    """
    if end_process is None or os.name != "posix":
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)  # as Python asks
    ended = threading.Event()

    def watch() -> None:
        while number := os.read(reading, 1):
            if number[0] == signal.SIGINT and not ended.wait(_PATIENCE_S):
                end_process()
        os.close(reading)

    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(previous)
        os.close(writing)


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
