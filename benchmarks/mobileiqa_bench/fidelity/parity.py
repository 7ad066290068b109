"""Scores of the same images by a reference and by an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Parity:
    """Scores of one image by the reference and by the artifact."""

    image: str
    reference: float
    artifact: float

    @property
    def difference(self) -> float:
        """|artifact - reference|."""
        return abs(self.artifact - self.reference)


def side_by_side(names: Sequence[str], references: Sequence[float], scores: Sequence[float]) -> list[Parity]:
    """The scores of all images, in pairs."""
    return [Parity(*row) for row in zip(names, references, scores, strict=True)]
