"""Pieces of large photographs at two budgets of pixels: a student should give both the same score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.resample import resize

from .lite_features import read_fitted
from .lite_student import FAST, HIGH
from .picture_files import PHOTOGRAPHS, pictures_in

SIDE = 576
"""Of a piece at the larger budget."""
SHRUNK = round(SIDE * (FAST / HIGH) ** 0.5)
"""Side of the same piece at the smaller budget."""


@dataclass(frozen=True)
class BudgetPairs:
    """Draws a piece of a photograph as the larger budget shows it, and as the smaller one does.

    Attributes:
        photographs: RGB, uint8 [H, W, 3] each, as the larger budget shows them.
    """

    photographs: Sequence[Pixels]

    def draw(self, generator: np.random.Generator) -> tuple[Pixels, Pixels]:
        """Returns the same random piece as [SIDE, SIDE, 3] and as [SHRUNK, SHRUNK, 3]."""
        photo = self.photographs[int(generator.integers(len(self.photographs)))]
        top, left = (int(generator.integers(length - SIDE + 1)) for length in photo.shape[:2])
        piece = photo[top : top + SIDE, left : left + SIDE]
        return piece, resize(Image.fromarray(piece), SHRUNK, SHRUNK)


def read_large(folders: Sequence[Path]) -> BudgetPairs:
    """Returns pairs of the photographs below the folders that are large enough for a piece, each read at the
    larger budget.
    """
    photos = (read_fitted(file, HIGH) for file in pictures_in(folders, PHOTOGRAPHS))
    return BudgetPairs([photo for photo in photos if min(photo.shape[:2]) >= SIDE])
