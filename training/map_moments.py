"""Moments of whole photos and of ladders, from cached maps of the frozen part of their network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mobileiqa_export.student import MomentStudent
from mobileiqa_export.student.efficientnet_lite import EfficientNetLite
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features
from .frozen_maps import FrozenPart, Records, moments_after
from .shards import Shards


def backbone_of(student: MomentStudent) -> EfficientNetLite:
    """Returns the student's backbone."""
    assert isinstance(student.local_cnn, EfficientNetLite)  # noqa: S101 - narrows the type
    return student.local_cnn


def whole_moments(student: MomentStudent, part: FrozenPart) -> Callable[[Records], Features]:
    """Returns what gives the moments of records of whole photos: one record gives [F], [R] records [R, F]."""
    backbone = backbone_of(student)

    def moments(records: Records) -> Features:
        rows = records.reshape(-1)
        with torch.inference_mode():
            crops = part.crop(list(rows), np.zeros((len(rows), 2), np.intp), part.side)
            values: Features = moments_after(backbone, part.stages, crops).numpy()
        return values.reshape(*records.shape, -1)

    return moments


def cached_moments(
    folder: Path,
    records: Sequence[Records],
    origin: dict[str, Any],
    moments: Callable[[Records], Features],
    pool: ThreadPoolExecutor,
    progress: Progress = SILENT,
) -> Features:
    """Returns the moments of all records, and keeps them in a folder, from where the next call reads them.

    Args:
        folder: created by the first write.
        records: of whole photos or of ladders.
        origin: what the moments depend on: which records, and the network's weights.
        moments: of :func:`whole_moments`.
        pool: of the threads that compute, each a record at a time.
        progress: receives a line for each file.

    Raises:
        FeatureCacheError: the folder has moments of something else.
    """
    shards = Shards(folder, {**origin, "count": len(records)}, "map-head")
    shards.fill(
        len(records),
        lambda rows: np.stack(list(pool.map(lambda row: moments(records[row]), rows))),
        progress,
    )
    return shards.read()
