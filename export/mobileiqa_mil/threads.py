"""Changes how many threads torch uses, only for the duration of a run."""

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
    """Runs the body with torch on ``count`` threads, then restores the number of the host application.

    Torch keeps the number for each thread, and another one that new threads start with. Bodies may overlap on
    several threads: the number from before the first of them is restored.
    """
    global _runs, _outside
    with _lock:
        # Always read: a thread that reads its number for the first time would overwrite it.
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
