"""Cached moments of photos that keep their aspect and are never enlarged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.resample import resize

from .arrays import Features
from .features import list_digest
from .shards import Shards

Extract = Callable[[Pixels], Features]
"""Gives the moments [F] of a photo, uint8 [H, W, 3]."""


def read_fitted(path: Path, max_pixels: int) -> Pixels:
    """Reads a photo upright, in RGB, shrunk to at most ``max_pixels``; keeps its aspect, never enlarges."""
    photo = read_photo(path)
    return resize(photo, *fitted(photo.height, photo.width, Setting("cache", max_pixels), 1))


@dataclass(frozen=True)
class LiteCache:
    """Moments of a fixed list of photos, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        names: file names of the photos, in order.
        weights: fingerprint of the backbone's weights.
        max_pixels: the budget that photos are shrunk to.
        mirrored: whether the photos are mirrored left to right.
    """

    folder: Path
    names: tuple[str, ...]
    weights: str
    max_pixels: int
    mirrored: bool = False

    def fill(self, paths: Sequence[Path], extract: Extract, progress: Progress = SILENT) -> int:
        """Extracts what is missing and returns the number of photos that were read.

        Raises:
            FeatureCacheError: the folder has features of something else.
        """

        def rows(photos: range) -> Features:
            return np.stack([extract(self._seen(paths[row])) for row in photos])

        return self._shards.fill(len(paths), rows, progress)

    def read(self) -> Features:
        """Returns all moments, [photos, F], in the order of ``names``.

        Raises:
            FeatureCacheError: shards are missing, or belong to something else.
        """
        return self._shards.read()

    def _seen(self, path: Path) -> Pixels:
        photo = read_fitted(path, self.max_pixels)
        return photo[:, ::-1] if self.mirrored else photo

    @property
    def _shards(self) -> Shards:
        description = {
            "weights": self.weights,
            "max_pixels": self.max_pixels,
            "mirrored": self.mirrored,
            "photos": list_digest(self.names),
            "count": len(self.names),
        }
        return Shards(self.folder, description, "lite-features")
