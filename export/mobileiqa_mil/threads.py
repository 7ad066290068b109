"""How many threads torch uses, changed for the duration of a run only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.Lock()
_runs = 0
_outside = 0
"""Torch's number of threads while nothing runs here."""


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Runs the body with torch on ``count`` threads, and gives the host application its number back.

    Torch keeps the number for each thread, and one more that new threads start with. Bodies may overlap on
    several threads: what is restored is the number from before the first of them.
    """
    global _runs, _outside
    with _lock:
        # Asked in any case: a thread that has not asked yet would overwrite its number when it first does.
        current = torch.get_num_threads()
        if _runs == 0:
            _outside = current
        _runs += 1
        torch.set_num_threads(count)
    try:
        yield
    finally:
        with _lock:
            _runs -= 1
            torch.set_num_threads(_outside)
