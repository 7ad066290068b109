"""Photos read at the same time stay within budgets, and none waits for ever."""

from __future__ import annotations

import io
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import PhotoError, PhotoTooLarge, Scorer, photo
from mobileiqa_sdk._budget import Budget
from mobileiqa_sdk.parallel import cpus

TIMEOUT = 60


def together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive()


@pytest.mark.parametrize("amounts", [[3] * 30, [10] * 5, [1, 9, 4, 25, 2, 10, 11, 6] * 4, [100, 100]])
def test_what_is_taken_never_exceeds_the_total_and_the_larger_goes_alone(amounts: list[int]) -> None:
    budget, running, lock = Budget(10), [], threading.Lock()

    def work(amount: int) -> None:
        with budget.part(amount):
            with lock:
                running.append(amount)
                assert sum(running) <= 10 or running == [amount]
            time.sleep(0.001)
            with lock:
                running.remove(amount)

    failures: list[BaseException] = []

    def guarded(amount: int) -> None:
        try:
            work(amount)
        except BaseException as error:
            failures.append(error)

    together([lambda amount=amount: guarded(amount) for amount in amounts])
    assert failures == []
    assert budget.taken == 0


def test_parts_that_fit_are_held_at_once() -> None:
    budget, meeting = Budget(9), threading.Barrier(3)

    def work() -> None:
        with budget.part(3):
            meeting.wait(TIMEOUT)

    together([work] * 3)
    assert not meeting.broken


def test_a_large_part_is_not_overtaken() -> None:
    budget, order = Budget(10), []
    release = threading.Event()

    def first() -> None:
        with budget.part(6):
            release.wait(TIMEOUT)

    def later(amount: int) -> None:
        with budget.part(amount):
            order.append(amount)

    threads = [threading.Thread(target=first)]
    threads += [threading.Thread(target=later, args=(amount,)) for amount in (10, 1, 2)]
    for number, thread in enumerate(threads):
        thread.start()
        wait_until(lambda number=number: budget.taken + len(budget._waiting) >= 6 + number)
    assert order == []
    release.set()
    for thread in threads:
        thread.join(TIMEOUT)
    assert order[0] == 10
    assert sorted(order) == [1, 2, 10]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_an_error_gives_the_part_back() -> None:
    budget = Budget(10)
    with pytest.raises(KeyError), budget.part(10):
        raise KeyError
    assert budget.taken == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_begins_with_the_whole_budget() -> None:
    budget = Budget(10)

    def child() -> None:
        with budget.part(10):
            pass

    with budget.part(10):
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join(TIMEOUT)
    assert process.exitcode == 0


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was taken of the pixels each time a photo began to be decoded or turned."""
    amounts: list[int] = []
    load = Image.Image.load

    def counted(image: Image.Image) -> Any:
        amounts.append(photo._pixels.taken)
        return load(image)

    monkeypatch.setattr(Image.Image, "load", counted)
    return amounts


@pytest.mark.parametrize("kind", ["array", "image", "png"])
def test_workers_share_the_pixels(
    tiny: Path, kind: str, most: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen photos by eight workers, with room for two and a half."""
    image = Image.fromarray(np.full((100, 100), 128, np.uint8))
    file = io.BytesIO()
    image.save(file, "PNG")
    source: Any = {"array": np.asarray(image), "image": image, "png": file.getvalue()}[kind]
    monkeypatch.setattr(photo, "_pixels", Budget(25_000))
    scorer = Scorer(tiny, threads=1)
    results = list(scorer.score_many([source] * 16, workers=8))
    assert len({result.score for result in results if not isinstance(result, Exception)}) == 1
    assert max(most) <= 20_000
    assert photo._pixels.taken == 0


def test_the_pixels_are_held_until_they_are_resized(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    from mobileiqa_sdk import scorer

    held: list[int] = []
    resize = scorer.resize

    def resized(*arguments: Any) -> Any:
        held.append(photo._pixels.taken)
        return resize(*arguments)

    monkeypatch.setattr(scorer, "resize", resized)
    Scorer(tiny, threads=1).score(np.zeros((40, 50, 3), np.uint8))
    assert held == [2000]
    assert photo._pixels.taken == 0


def test_a_photo_larger_than_the_whole_budget_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "_pixels", Budget(10))
    assert photo.read_photo(Image.new("RGB", (60, 50))).size == (60, 50)


def test_errors_give_the_pixels_back() -> None:
    cut = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(cut, "PNG")
    for bad in (cut.getvalue()[:9000], np.full((40, 40), 2.0), b"", Image.new("P", (3, 3))):
        with pytest.raises(PhotoError):
            photo.read_photo(bad)
    assert photo._pixels.taken == 0
    assert photo._long_files.taken == 0


@pytest.mark.parametrize("kind", ["path", "stream"])
def test_long_files_share_a_budget(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path waits for as much as its file has; a stream, of which nobody knows the length, goes alone."""
    monkeypatch.setattr(photo, "SHORT_FILE", 2000)
    file = io.BytesIO()
    Image.effect_noise((60, 60), 90).save(file, "BMP")
    size = len(file.getvalue())
    path = tmp_path / "photo.bmp"
    path.write_bytes(file.getvalue())
    monkeypatch.setattr(photo, "_long_files", Budget(2 * size + 1))
    taken: list[int] = []
    open_image = photo.open_image

    def opened(data: bytes) -> Image.Image:
        taken.append(photo._long_files.taken)
        return open_image(data)

    monkeypatch.setattr(photo, "open_image", opened)
    together([lambda: photo.read_photo(str(path) if kind == "path" else io.BytesIO(file.getvalue()))] * 8)
    assert len(taken) == 8
    assert set(taken) <= ({size, 2 * size} if kind == "path" else {photo.MAX_BYTES})
    assert photo._long_files.taken == 0
    photo.read_photo(file.getvalue())
    assert len(taken) == 9
    assert taken[-1] == 0, "the caller's bytes are there anyway"


def test_short_files_wait_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (60, 60)).save(path)
    monkeypatch.setattr(photo, "SHORT_FILE", path.stat().st_size)
    with photo._long_files.part(photo.BYTES_AT_ONCE):
        assert photo.read_photo(path).size == (60, 60)


def test_the_documented_sizes() -> None:
    assert max(photo.MAX_PIXELS, 16_000_000 * cpus()) == photo.PIXELS_AT_ONCE == photo._pixels.total
    assert photo.BYTES_AT_ONCE == photo._long_files.total == 2**30


@pytest.mark.parametrize("workers", [1, 3])
def test_a_batch_survives_a_photo_without_memory(
    tiny: Path, photos: list[str], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mobileiqa_sdk import scorer

    resize = scorer.resize

    def scarce(image: Image.Image, *size: int) -> Any:
        if image.getpixel((0, 0)) == (128, 128, 128):
            raise MemoryError
        return resize(image, *size)

    monkeypatch.setattr(scorer, "resize", scarce)
    results = list(Scorer(tiny, threads=1).score_many(photos, workers=workers))
    assert [isinstance(result, PhotoTooLarge) for result in results] == [False, False, True, False, False]
