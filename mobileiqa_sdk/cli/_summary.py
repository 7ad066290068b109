"""One line that sums up many photos."""

from __future__ import annotations

from statistics import median

import click

from .._text import printable
from ..gallery import Row

MANY = 10
"""Photos from which the line is printed."""


class Summary:
    """Counts rows while they pass.

    Args:
        bar: of ``--fail-under``, the score that photos should reach.
    """

    def __init__(self, bar: float | None = None) -> None:
        self.bar = bar
        self.errors = 0
        self.below = 0
        self.not_photos = 0
        self._scores: list[float] = []
        self._best: Row | None = None
        self._worst: Row | None = None

    @property
    def done(self) -> int:
        """Rows seen, errors included."""
        return len(self._scores) + self.errors

    def add(self, row: Row) -> None:
        """Counts a row."""
        score = row["score"]
        if score is None:
            self.errors += 1
            return
        self._scores.append(score)
        self.not_photos += row["is_photograph"] is False
        self.below += self.bar is not None and score < self.bar
        if self._best is None or score > self._best["score"]:
            self._best = row
        if self._worst is None or score < self._worst["score"]:
            self._worst = row

    def text(self) -> str:
        """Returns ``298 scored, 2 errors; median 0.712, best 0.853 a.jpg, worst 0.213 b.jpg``."""
        errors = f"{self.errors} error{'' if self.errors == 1 else 's'}"
        parts = [f"{len(self._scores)} scored, {errors}"]
        if self.not_photos:
            parts.append(f"{self.not_photos} not {'a photo' if self.not_photos == 1 else 'photos'}")
        if self._best and self._worst:
            ends = ", ".join(
                f"{name} {row['score']:.3f} {printable(row['path'])}"
                for name, row in (("best", self._best), ("worst", self._worst))
            )
            parts.append(f"median {median(self._scores):.3f}, {ends}")
        if self.bar is not None:
            parts.append(f"{self.below} below {self.bar:g}")
        return "; ".join(parts)

    def show(self) -> None:
        """Prints the line on stderr."""
        click.echo(f"mobileiqa: {self.text()}", err=True)
