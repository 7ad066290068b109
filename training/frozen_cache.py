"""Files of the records that a backbone's frozen part gives for rated photos and for ladders of faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from mobileiqa_export.student.efficientnet_lite import EfficientNetLite
from mobileiqa_sdk.progress import SILENT, Progress

from .features import fingerprint, list_digest, read_resized
from .frozen_maps import CELL, FrozenExtractor, FrozenPart, Records
from .ladders import RUNGS, LadderSource
from .shards import Shards

COMMAND = "frozen-maps"


def frozen_weights(backbone: EfficientNetLite, stages: int) -> str:
    """Returns the fingerprint of the stem and the first stages: training the others leaves it as it is."""
    frozen = {"stem": backbone.stem, **{str(index): backbone.stages[index] for index in range(stages)}}
    return fingerprint(dict(nn.ModuleDict(frozen).state_dict()))


@dataclass(frozen=True)
class FrozenCache:
    """Records of a fixed list of photos, or of ladders, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        part: what of the network is frozen.
        weights: fingerprint of the frozen weights; see :func:`frozen_weights`.
    """

    folder: Path
    part: FrozenPart
    weights: str

    def fill_photos(
        self, paths: Sequence[Path], mirrored: bool, extract: FrozenExtractor, progress: Progress = SILENT
    ) -> int:
        """Extracts the photos that are missing and returns how many there were.

        Raises:
            FeatureCacheError: the folder has records of something else.
        """
        size = (self.part.photo_side, self.part.photo_side)

        def record(path: Path) -> Records:
            pixels = read_resized(path, size)
            return extract(pixels[:, ::-1] if mirrored else pixels)

        return self.photos(paths, mirrored).fill(
            len(paths), lambda rows: np.stack([record(paths[row]) for row in rows]), progress
        )

    def photos(self, paths: Sequence[Path], mirrored: bool) -> Shards:
        """Returns the files of these photos' records, [photos]."""
        photos = {"photos": list_digest([path.name for path in paths]), "count": len(paths)}
        return self._shards(mirrored=mirrored, **photos)

    def fill_ladders(
        self,
        count: int,
        source: LadderSource,
        seed: int,
        extract: FrozenExtractor,
        progress: Progress = SILENT,
    ) -> int:
        """Extracts the ladders that are missing, half of them mirrored, and returns how many there were.

        Raises:
            FeatureCacheError: the folder has records of something else.
        """

        def ladder(index: int) -> Records:
            generator = np.random.default_rng((seed, 3, index))
            rungs = source.draw(generator)
            if generator.random() < 0.5:
                rungs = [rung[:, ::-1] for rung in rungs]
            return np.stack([extract(rung) for rung in rungs])

        # Of unrated photographs only the number is compared: their names are not kept.
        origin = {
            "photos": list_digest([path.name for path in source.rated]),
            "photographs": len(source.unrated),
            "seed": seed,
        }
        return self._shards(rungs=RUNGS, count=count, **origin).fill(
            count, lambda rows: np.stack([ladder(index) for index in rows]), progress
        )

    def ladders(self) -> Shards:
        """Returns the files of the ladders' records, [ladders, RUNGS], best rung first."""
        return self._shards(rungs=RUNGS)

    def _shards(self, **origin: Any) -> Shards:
        part = {
            "backbone": self.part.backbone,
            "stages": self.part.stages,
            "side": self.part.side,
            "halved": self.part.halved,
        }
        description = {**part, "cell": CELL, "weights": self.weights, **origin}
        return Shards(self.folder, description, COMMAND)
