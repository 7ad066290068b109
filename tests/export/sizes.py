"""Pictures of any size, and what a student answers to them before and after its rewrites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobileiqa_export.checkpoint import load_student
from mobileiqa_export.reference import as_trained, on_pixels
from mobileiqa_export.rewrite import rewrite


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """Returns random pixels, uint8 [height, width, 3], the same for the same height and width."""
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scores_before_and_after_rewriting(checkpoint: Path, pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Returns the scores of a student as it was trained and as it is exported."""
    loaded = load_student(checkpoint)
    trained = as_trained(loaded.network, loaded.config)(pixels)
    return trained, on_pixels(rewrite(loaded.network, loaded.config).network)(pixels)
