"""Threads of one inference, photos at a time, and a map over photos that keeps their order.

Workers are threads, not processes: decoding, resizing and inference all release Python's interpreter lock,
and threads share one copy of the model's weights.
"""

from __future__ import annotations

import operator
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ._cgroup import cpu_quota
from ._patience import interrupted
from ._text import one_line

MAX_THREADS = 1024
"""Largest number of threads or workers accepted. More is a mistake, and could crash the process."""

AHEAD = 2
"""Photos taken ahead per worker: the one in work, and another for when a slow photo holds up the order."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def cpus() -> int:
    """Returns the number of CPUs this process may use: its affinity, and at most a container's quota."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, cpu_quota() or usable)


def default_threads() -> int:
    """Returns ``OMP_NUM_THREADS`` if it is 1 to `MAX_THREADS`, else the CPUs this process may use.

    Warns:
        UserWarning: ``OMP_NUM_THREADS`` is set to something else.
    """
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MAX_THREADS:
        return int(text)
    if text:
        message = (
            f"OMP_NUM_THREADS is ignored: {one_line(text, 40)!r} is not a number from 1 to {MAX_THREADS}"
        )
        warnings.warn(message, stacklevel=1)  # from one place, so that it is shown once
    return cpus()


def default_workers(threads: int) -> int:
    """Returns how many times ``threads`` fits into `default_threads`, at least 1."""
    return max(1, default_threads() // threads)


def check_count(name: str, count: int) -> int:
    """Returns ``count``, a number of threads or workers called ``name`` in errors.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is not 1 to `MAX_THREADS`.
    """
    try:
        number = operator.index(count)  # takes numpy's integers too
    except TypeError as error:
        raise TypeError(f"{name} must be an int, not {type(count).__name__}") from error
    if not 1 <= number <= MAX_THREADS:
        raise ValueError(f"{name} must be 1 to {MAX_THREADS}, not {number}")
    return number


def in_order(work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int) -> Iterator[_Result]:
    """Yields ``work(item)`` for each item, in the order of the items.

    One worker runs on the caller's thread and takes an item when its result is asked for. Several run on
    threads of their own; at most ``AHEAD * workers`` items are taken before their results are.

    An error, whether of the work or of the items, is raised in its item's turn and ends the iteration.
    Leaving early, by ``close()`` or Ctrl-C, waits for the work that has begun and starts no more. Ctrl-C does
    not wait for photos that take long to decode.
    """
    if workers == 1:
        for item in items:
            yield work(item)
        return
    # Imported here, because one photo does not need it, and it would add a tenth to importing the SDK.
    from concurrent.futures import Future, ThreadPoolExecutor

    taken: deque[Future[_Result]] = deque()
    remaining = iter(items)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="mobileiqa")
    try:
        more = True
        while more or taken:
            while more and len(taken) < AHEAD * workers:
                try:
                    taken.append(pool.submit(work, next(remaining)))
                except StopIteration:
                    more = False
                except Exception as error:  # the caller's; its turn comes after what was taken before
                    taken.append(Future())
                    taken[-1].set_exception(error)
                    more = False
            if taken:
                yield taken.popleft().result()
    except KeyboardInterrupt:
        interrupted.set()  # so that no worker waits for a large photo any longer
        raise
    finally:
        try:
            pool.shutdown(cancel_futures=True)
        finally:
            interrupted.clear()
