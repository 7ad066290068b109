"""Cached moments of the pictures in folders, as they are or treated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features
from .features import list_digest
from .lite_features import Extract, read_fitted
from .shards import Shards
from .treatments import treated

COMMAND = "picture-features"


@dataclass(frozen=True)
class PictureCache:
    """Moments of a list of pictures, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        paths: of the pictures, in order.
        weights: fingerprint of the backbone's weights.
        max_pixels: the budget that pictures are shrunk to.
        treatment: seed of :func:`treated`, or None for the pictures without treatment.
    """

    folder: Path
    paths: tuple[Path, ...]
    weights: str
    max_pixels: int
    treatment: int | None = None

    def fill(self, extract: Extract, progress: Progress = SILENT) -> int:
        """Extracts what is missing and returns the number of pictures that were read.

        Raises:
            FeatureCacheError: the folder has features of something else.
        """

        def rows(pictures: range) -> Features:
            return np.stack([self._row(extract, index) for index in pictures])

        return self._shards.fill(len(self.paths), rows, progress)

    def _row(self, extract: Extract, index: int) -> Features:
        pixels = read_fitted(self.paths[index], self.max_pixels)
        if self.treatment is not None:
            pixels = treated(pixels, np.random.default_rng([self.treatment, index]))
        return extract(pixels)

    @property
    def _shards(self) -> Shards:
        description = {
            "weights": self.weights,
            "max_pixels": self.max_pixels,
            "treatment": self.treatment,
            "photos": list_digest([path.name for path in self.paths]),
            "count": len(self.paths),
        }
        return Shards(self.folder, description, COMMAND)


def read_moments(folders: Iterable[Path], weights: str) -> Features:
    """Returns the moments of all pictures in these caches, [pictures, F].

    The caches of `lite-features` are read too.

    Raises:
        FeatureCacheError: a folder has no features, or those of another backbone.
    """
    return np.concatenate([Shards(folder, {"weights": weights}, COMMAND).read() for folder in folders])
