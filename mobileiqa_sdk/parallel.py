"""How much at once: threads of one inference, photos at a time, and a map over photos that keeps their order.

Threads and not processes: decoding, resizing and inference all let go of Python's interpreter lock, and
threads share one copy of the model's weights.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

MAX_THREADS = 1024
"""More is a mistake, and would end the process before the first photo."""

AHEAD = 2
"""Photos taken for each worker: one that is worked on, and one for when a slow photo holds up the order."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def default_threads() -> int:
    """``OMP_NUM_THREADS`` if that is 1 to `MAX_THREADS`, else the CPUs this process may run on."""
    value = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if value.isdecimal() and len(value) < 10 and 1 <= int(value) <= MAX_THREADS:
        return int(value)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_workers(threads: int) -> int:
    """How often that many threads fit into `default_threads`; at least once."""
    return max(1, default_threads() // threads)


def check_count(name: str, count: int) -> int:
    """The count itself. Raises ValueError if it is not 1 to `MAX_THREADS`."""
    if not 1 <= count <= MAX_THREADS:
        raise ValueError(f"{name} must be 1 to {MAX_THREADS}, not {count}")
    return count


def in_order(work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int) -> Iterator[_Result]:
    """``work(item)`` of each item, in the order of the items.

    With one worker it is done on the caller's thread, each item taken when its result is asked for. With
    more it is done on as many threads, at most ``AHEAD * workers`` items taken before their results are.
    An error, of the work or of the items, is raised in its item's turn and ends it all. So does leaving
    early, by ``close()`` or Ctrl-C: what has not begun is dropped, what has is waited for.
    """
    if workers == 1:
        for item in items:
            yield work(item)
        return
    # Here, because one photo needs none of it, and it would be a tenth of what importing the SDK adds.
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
    finally:
        pool.shutdown(cancel_futures=True)
