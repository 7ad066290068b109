"""Limits how much memory photos may take together, over all threads of the process."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """An amount that threads share: each takes its part and waits until there is room for it.

    Parts are granted in the order they were requested, so a large one is never overtaken forever. A part
    larger than the whole budget is granted once nothing else is taken. A thread must not wait for a part
    while it holds one of the same budget.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._reset()
        if hasattr(os, "register_at_fork"):  # the threads that hold parts do not exist in a forked child
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._taken = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def taken(self) -> int:
        """How much is taken at the moment."""
        return self._taken

    @contextmanager
    def part(self, amount: int) -> Iterator[None]:
        """Holds a part of the budget while the ``with`` block runs, once there is room for it."""
        self._take(amount)
        try:
            yield
        finally:
            self._give_back(amount)

    def _take(self, amount: int) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket or not self._has_room(amount):
                    self._changed.wait()
                self._taken += amount
            finally:  # also if an interrupt ends the wait
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _has_room(self, amount: int) -> bool:
        return self._taken == 0 or self._taken + amount <= self.total

    def _give_back(self, amount: int) -> None:
        with self._changed:
            self._taken -= amount
            self._changed.notify_all()
