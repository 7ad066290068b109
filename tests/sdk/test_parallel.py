"""Work on several threads that comes out in order, stops when it should, and never runs far ahead."""

from __future__ import annotations

import gc
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobileiqa_sdk import parallel
from mobileiqa_sdk.parallel import AHEAD, MAX_THREADS, check_count, default_workers, in_order


class Endless:
    """Whole numbers, one after another, and how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.taken += 1
        return self.taken - 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_it_is_map(items: list[int], workers: int) -> None:
    assert list(in_order(lambda item: item * 3, items, workers)) == [item * 3 for item in items]


def test_the_order_is_kept_when_the_last_is_done_first() -> None:
    done = [threading.Event() for _ in range(4)]

    def work(number: int) -> int:
        if number < 3:
            assert done[number + 1].wait(60)
        done[number].set()
        return number

    assert list(in_order(work, range(4), 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_it_takes_no_more_than_it_says(workers: int) -> None:
    items, running, most, lock = Endless(), 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.001)
        with lock:
            running -= 1
        return number

    results = in_order(work, items, workers)
    assert items.taken == 0
    for number in range(50):
        assert next(results) == number
        assert items.taken <= number + (1 if workers == 1 else AHEAD * workers)
    assert most <= workers
    results.close()  # type: ignore[attr-defined]
    assert running == 0


def test_one_worker_is_the_caller() -> None:
    items = Endless()
    results = in_order(lambda _: threading.get_ident(), items, 1)
    for number in range(1, 4):
        assert next(results) == threading.get_ident()
        assert items.taken == number


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_an_error_of_the_work_comes_in_its_turn(workers: int) -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 7:
            raise KeyError("mine")
        return number

    results = in_order(work, itertools.count(), workers)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(KeyError, match="mine"):
        next(results)
    assert max(begun) < 7 + AHEAD * workers
    assert next(results, None) is None


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_an_error_of_the_items_comes_after_what_was_taken_before(workers: int) -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise KeyError("mine")

    results = in_order(lambda item: item, items(), workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="mine"):
        next(results)
    assert next(results, None) is None


@pytest.mark.parametrize("leave", ["close", "forget", "interrupt"])
def test_leaving_early_begins_nothing_and_waits_for_what_runs(leave: str) -> None:
    held, begun, ended = threading.Event(), [], []

    def work(number: int) -> int:
        begun.append(number)
        if number:
            assert held.wait(60)
        ended.append(number)
        return number

    results: Any = in_order(work, Endless(), 2)
    assert next(results) == 0
    threading.Timer(0.05, held.set).start()
    if leave == "close":
        results.close()
    elif leave == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            results.throw(KeyboardInterrupt)
    else:
        del results
        gc.collect()
    assert held.is_set()
    assert sorted(begun) == sorted(ended)
    seen = len(begun)
    assert seen < 1 + AHEAD * 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mobileiqa")]


def test_an_interrupt_while_an_item_is_taken_ends_it_at_once() -> None:
    def items() -> Iterator[int]:
        yield 0
        raise KeyboardInterrupt

    results = in_order(lambda item: item, items(), 2)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert next(results, None) is None


@pytest.mark.parametrize(
    ("cpus", "threads", "workers"), [(1, 1, 1), (2, 1, 2), (8, 1, 8), (8, 3, 2), (8, 8, 1), (4, 100, 1)]
)
def test_workers_fill_the_cpus(
    cpus: int, threads: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "default_threads", lambda: cpus)
    assert default_workers(threads) == workers


def test_omp_num_threads_counts_as_the_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert (default_workers(1), default_workers(2), default_workers(7)) == (6, 3, 1)


def test_counts() -> None:
    assert check_count("workers", 1) == 1
    assert check_count("workers", MAX_THREADS) == MAX_THREADS
    for count in (0, -1, MAX_THREADS + 1):
        with pytest.raises(ValueError, match=f"workers.*{count}"):
            check_count("workers", count)
