"""Ctrl-C ends an export even where a library swallows it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mobileiqa_export.interrupts import Interruptible, interruptible, interrupts_deferred
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


def press_once() -> None:
    """Ctrl-C where it may be deferred."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # the handler runs between two bytecodes
        pass


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collects what was done before an interrupt ended an export."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruptible(SILENT):
        yield done


def test_a_deferred_interrupt_is_raised_after_the_block() -> None:
    with watched() as done:
        with interrupts_deferred():
            press_once()
            done.append("written")
        done.append("verified")
    assert done == ["written"]


def test_a_second_one_is_not_deferred() -> None:
    with watched() as done, interrupts_deferred():
        press_once()
        press_once()
        done.append("written")
    assert not done


def test_after_a_deferring_block_interrupts_come_at_once() -> None:
    with watched() as done:
        with interrupts_deferred():
            pass
        press_once()
        done.append("verified")
    assert not done


def test_an_error_while_deferring_is_the_interrupt() -> None:
    with watched(), interrupts_deferred():
        press_once()
        raise OSError("the converter was disturbed")


def test_nothing_is_deferred_outside_an_export() -> None:
    done: list[str] = []
    try:
        with interrupts_deferred():
            press_once()
            done.append("written")
    except KeyboardInterrupt:
        pass
    assert not done
