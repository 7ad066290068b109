"""Ctrl-C ends an export even where a library swallows it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from mobileiqa_export.interrupts import Interruptible, interruptible
from mobileiqa_sdk.progress import SILENT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal to this process")


def press(_: object = None) -> None:
    """Ctrl-C, swallowed as in a weak reference's callback."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):  # the handler runs between two bytecodes
            pass
    except KeyboardInterrupt:
        return
    raise AssertionError("no KeyboardInterrupt")


@pytest.fixture(autouse=True)
def _python_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(*steps: Callable[[Interruptible], object]) -> None:
    with interruptible(SILENT) as progress:
        for step in steps:
            step(progress)


def fail(_: object) -> None:
    raise ImportError("onnxruntime")


@pytest.mark.parametrize("level", ["step", "warn"])
def test_a_swallowed_interrupt_is_raised_at_the_next_step(level: str) -> None:
    after: list[object] = []
    with pytest.raises(KeyboardInterrupt):
        run(press, lambda progress: getattr(progress, level)("verifying"), after.append)
    assert not after


def test_or_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(press)


def test_an_error_that_it_caused_is_the_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(press, fail)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ImportError):
        run(fail)


def test_the_handler_is_the_old_one_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible(SILENT):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_application_with_its_own_handler_keeps_it() -> None:
    def own(*_: object) -> None: ...

    signal.signal(signal.SIGINT, own)
    try:
        with interruptible(SILENT):
            assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_other_threads_install_nothing() -> None:
    inside = []

    def work() -> None:
        with interruptible(SILENT) as progress:
            progress.step("fine")
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [signal.default_int_handler]
