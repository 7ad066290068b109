"""Cached features of ladders, so that a head can learn their order in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobileiqa_export.student.backbones import Backbone
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features
from .features import extract, extractor, list_digest
from .ladders import RUNGS, LadderSource
from .shards import Shards

LADDERS = 2400
"""How many ladders the bundled model learned from."""


@dataclass(frozen=True)
class LadderCache:
    """Features of the ladders that a seed draws.

    Attributes:
        folder: of the shards; created by the first write.
        weights: fingerprint of the backbone's weights; see :func:`training.features.fingerprint`.
        seed: of the ladders, and of the rated photos that are held out from them.
    """

    folder: Path
    weights: str
    seed: int

    def fill(self, count: int, source: LadderSource, backbone: Backbone, progress: Progress = SILENT) -> int:
        """Extracts what is missing, half of the ladders mirrored, and returns how many ladders that were.

        Raises:
            FeatureCacheError: the folder has other ladders, or those of another backbone.
        """

        def ladder(index: int) -> Features:
            generator = np.random.default_rng((self.seed, 3, index))
            rungs = source.draw(generator)
            if generator.random() < 0.5:
                rungs = [np.ascontiguousarray(rung[:, ::-1]) for rung in rungs]
            return extract(backbone, rungs)

        # Of unrated photographs only the number is compared: their names are not kept.
        origin = {
            "photos": list_digest([path.name for path in source.rated]),
            "photographs": len(source.unrated),
            "count": count,
        }
        shards = self._shards(**origin)
        return shards.fill(count, lambda rows: np.stack([ladder(index) for index in rows]), progress)

    def read(self) -> Features:
        """Returns all ladders, [ladders, RUNGS, 3456], best rung first.

        Raises:
            FeatureCacheError: shards are missing, or belong to another seed or backbone.
        """
        return self._shards().read()

    def _shards(self, **origin: object) -> Shards:
        description = {**extractor(self.weights), "rungs": RUNGS, "seed": self.seed}
        return Shards(self.folder, {**description, **origin}, "ladders")
