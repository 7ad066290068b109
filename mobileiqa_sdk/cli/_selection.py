"""Which rows `mobileiqa score` prints, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from ..gallery import Row

Order = Literal["best", "worst", "path"]


class Selection(NamedTuple):
    """Rows to print; rows of errors are always printed, after the others if these are sorted.

    Attributes:
        order: best or worst score first, or by path; None keeps the order of the photos.
        top: how many of the best to keep.
        worst: how many of the worst to keep.
        below: only scores below this.
    """

    order: Order | None = None
    top: int | None = None
    worst: int | None = None
    below: float | None = None

    def apply(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yields the rows to print, each at once unless all must be known first."""
        chosen = (row for row in rows if self._is_below(row))
        order = self._order()
        return chosen if order is None else iter(self._sorted(list(chosen), order))

    def _is_below(self, row: Row) -> bool:
        return self.below is None or row["score"] is None or row["score"] < self.below

    def _order(self) -> Order | None:
        if self.order is not None:
            return self.order
        if self.top is not None:
            return "best"
        return "worst" if self.worst is not None else None

    def _sorted(self, rows: list[Row], order: Order) -> list[Row]:
        scored = sorted((row for row in rows if row["score"] is not None), key=lambda row: row["score"])
        if self.worst is not None:
            scored = scored[: self.worst]
        if self.top is not None:
            scored = scored[-self.top :]
        if order == "best":
            scored.sort(key=lambda row: -row["score"])  # stable: equal scores keep the order of the photos
        if order == "path":
            scored.sort(key=lambda row: row["path"])
        return [*scored, *(row for row in rows if row["score"] is None)]
