"""Long work can be interrupted, and ends in time."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, JpegImagePlugin, TiffImagePlugin

from mobileiqa_sdk import _patience, photo
from mobileiqa_sdk._refusal import Refusal
from mobileiqa_sdk.errors import PhotoTooLarge
from mobileiqa_sdk.parallel import in_order
from mobileiqa_sdk.photo import read_photo


def test_results_and_errors_pass() -> None:
    threads = []
    assert _patience.run(lambda: threads.append(threading.current_thread()) or 3) == 3  # type: ignore[func-returns-value]
    assert threads[0] is not threading.current_thread()
    for error in (
        ValueError("x"),
        Refusal(PhotoTooLarge, "x"),
        MemoryError(),
        KeyboardInterrupt(),
        SystemExit(),
    ):

        def fail(error: BaseException = error) -> None:
            raise error

        with pytest.raises(type(error)) as caught:
            _patience.run(fail)
        assert caught.value is error


def test_without_memory_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert _patience.run(lambda: threading.current_thread()) is threading.current_thread()


def test_the_time_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_patience, "MAX_SECONDS", 0.2)
    over = threading.Event()
    start = time.monotonic()
    with pytest.raises(Refusal, match="seconds to decode"):
        _patience.run(lambda: over.wait(30))
    assert time.monotonic() - start < 10
    over.set()


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own handler of Ctrl-C, which a shell switches off in what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_does_not_wait_for_a_large_photo(workers: int) -> None:
    over = threading.Event()

    def interrupt() -> None:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    start = time.monotonic()
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        list(in_order(lambda _: _patience.run(lambda: over.wait(30)), range(8), workers))
    assert time.monotonic() - start < 10
    over.set()
    assert not _patience.interrupted.is_set()
    assert _patience.run(lambda: 3) == 3


@pytest.mark.parametrize("margin", [0, 1])
def test_only_large_photos_take_a_thread(margin: int, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    load = TiffImagePlugin.TiffImageFile.load

    def seen(self: TiffImagePlugin.TiffImageFile) -> object:
        threads.append(threading.current_thread().name)
        return load(self)

    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", seen)
    monkeypatch.setattr(photo, "LONG_WORK", 40 * 50 - margin)
    stream = io.BytesIO()
    Image.new("RGB", (40, 50), "red").save(stream, "TIFF")
    assert read_photo(stream.getvalue()).getpixel((0, 0)) == (255, 0, 0)
    assert (threads[0] == "mobileiqa-decode") == bool(margin)


@pytest.mark.parametrize("margin", [0, 1])
@pytest.mark.parametrize(
    ("options", "work"), [({"progressive": True}, 800 * 400), ({}, 800 * 400 // 4), ({"end": b""}, 800 * 400)]
)
def test_a_jpeg_that_is_decoded_smaller_counts_by_its_work(
    options: dict[str, Any], work: int, margin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its decoder works through all pixels of the file: once and quickly only if it is baseline and whole."""
    threads = []
    load = JpegImagePlugin.JpegImageFile.load

    def seen(self: JpegImagePlugin.JpegImageFile) -> object:
        threads.append(threading.current_thread().name)
        return load(self)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", seen)
    monkeypatch.setattr(photo, "LONG_WORK", work - margin)
    stream = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(stream, "JPEG", **options)
    data = stream.getvalue()[: -2 if "end" in options else None]
    assert read_photo(data, fit=(30, 30)).size == (100, 50)
    assert (threads[0] == "mobileiqa-decode") == bool(margin)
