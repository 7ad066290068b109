"""Cached moments of photographs with faults, beside how strong each fault is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mobileiqa_bench.evaluation.faults import FAULTS
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features, Floats
from .fault_pictures import draw_picture, read_large
from .features import list_digest
from .lite_features import Extract
from .shards import Shards

COMMAND = "fault-features"


@dataclass(frozen=True)
class FaultRows:
    """What is learned from: a row for each picture.

    Attributes:
        moments: [pictures, F].
        severities: of each fault, in 0..1, [pictures, faults].
        weights: how much each severity is to be trusted, in 0..1, [pictures, faults].
    """

    moments: Features
    severities: Floats
    weights: Floats


@dataclass(frozen=True)
class FaultCache:
    """Moments of random pictures of a list of photographs, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        paths: of the photographs, in order.
        weights: fingerprint of the backbone's weights.
        budget: pixels that a picture has at most.
        each: pictures of a photograph.
        seed: of the faults.
    """

    folder: Path
    paths: tuple[Path, ...]
    weights: str
    budget: int
    each: int
    seed: int

    def fill(self, extract: Extract, progress: Progress = SILENT) -> int:
        """Extracts what is missing and returns the number of pictures that were made.

        Raises:
            FeatureCacheError: the folder has features of something else.
        """

        @lru_cache(maxsize=1)
        def photograph(index: int) -> Pixels:
            return read_large(self.paths[index], self.budget)

        def row(index: int) -> Features:
            generator = np.random.default_rng([self.seed, index])
            picture = draw_picture(photograph(index // self.each), self.budget, generator)
            return np.concatenate([extract(picture.pixels), picture.severities, picture.weights])

        def rows(pictures: range) -> Features:
            return np.stack([row(index) for index in pictures]).astype(np.float32)

        return self._shards.fill(len(self.paths) * self.each, rows, progress)

    @property
    def _shards(self) -> Shards:
        description = {
            "weights": self.weights,
            "faults": list(FAULTS),
            "budget": self.budget,
            "each": self.each,
            "seed": self.seed,
            "photos": list_digest([path.name for path in self.paths]),
        }
        return Shards(self.folder, description, COMMAND)


def read_fault_rows(folders: Iterable[Path], weights: str) -> FaultRows:
    """Returns the rows of all these caches.

    Raises:
        FeatureCacheError: a folder has no features, or those of another backbone or of other faults.
    """
    description = {"weights": weights, "faults": list(FAULTS)}
    rows = np.concatenate([Shards(folder, description, COMMAND).read() for folder in folders])
    moments, severities, trust = np.split(rows, [-2 * len(FAULTS), -len(FAULTS)], axis=1)
    return FaultRows(moments, severities, trust)
