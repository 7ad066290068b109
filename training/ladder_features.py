"""Cached moments of ladders, so that a head can learn their order in minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobileiqa_export.student.backbone import Backbone

from .arrays import Features
from .features import extract, extracted_by, list_digest
from .pairs import RUNGS, Beginnings
from .shards import Shards

LADDERS = 2400


@dataclass(frozen=True)
class LadderCache:
    """Features of ladders that a seed draws.

    Attributes:
        folder: of the shards; made on the first write.
        weights: fingerprint of the backbone's weights, see :func:`training.features.fingerprint`.
        seed: of the ladders, and of the rated photos that are held out from them.
    """

    folder: Path
    weights: str
    seed: int

    def fill(
        self, count: int, beginnings: Beginnings, backbone: Backbone, report: Callable[[str], None] = print
    ) -> int:
        """Extract what is not there yet, half of the ladders mirrored. Returns how many were extracted.

        Raises:
            FeatureCacheError: the folder holds other ladders, or another backbone's.
        """

        def ladder(index: int) -> Features:
            generator = np.random.default_rng((self.seed, 3, index))
            rungs = beginnings.draw(generator)
            turn = -1 if generator.random() < 0.5 else 1
            return extract(backbone, [np.ascontiguousarray(rung[:, ::turn]) for rung in rungs])

        # Of unrated photographs only the number is known here: their names are not kept.
        sources = {
            "photos": list_digest([path.name for path in beginnings.good]),
            "photographs": len(beginnings.photographs),
            "count": count,
        }
        shards = self._shards(**sources)
        return shards.fill(count, lambda rows: np.stack([ladder(index) for index in rows]), report)

    def read(self) -> Features:
        """All ladders, [ladders, RUNGS, 3456], best first.

        Raises:
            FeatureCacheError: not all shards are there, or they are another seed's or backbone's.
        """
        return self._shards().read()

    def _shards(self, **sources: object) -> Shards:
        made = {**extracted_by(self.weights), "rungs": RUNGS, "seed": self.seed}
        return Shards(self.folder, {**made, **sources}, "ladders")
