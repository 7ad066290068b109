"""The whole student on rated photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from mobileiqa_bench.evaluation.agreement import Agreement, agreement, srcc
from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_export.student import BACKBONES, Checkpoint, MomentStudent, load_checkpoint, normalise

from .arrays import Features
from .errors import TrainingError
from .features import BATCH, load_photo, to_batch

Opinions = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """What a checkpoint does on a set of rated photos.

    Attributes:
        agreement: with MOS, over all photos.
        subsets: SRCC within each part of BIQ2021.
        untwinned: with MOS, over the photos without a near-duplicate among those trained on.
        views: SRCC of each view alone.
        spread: SRCC between the views' standard deviation on a photo and the score's absolute error.
    """

    agreement: Agreement
    subsets: dict[str, float]
    untwinned: Agreement
    views: tuple[float, ...]
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready values."""
        return {
            "agreement": self.agreement.to_dict(),
            "srcc_by_subset": self.subsets,
            "agreement_without_near_duplicates": self.untwinned.to_dict(),
            "srcc_by_view": list(self.views),
            "srcc_of_view_spread_with_error": self.spread,
        }


def moment_student(path: str | Path) -> tuple[MomentStudent, Checkpoint]:
    """A checkpoint whose student is the kind that this recipe trains.

    Raises:
        TrainingError: it is a student with attention.
    """
    checkpoint = load_checkpoint(path)
    if not isinstance(checkpoint.student, MomentStudent):
        raise TrainingError(f"{path}: is an attention student; this recipe only evaluates moment students")
    return checkpoint.student, checkpoint


@torch.inference_mode()
def opinions_of_images(checkpoint: Checkpoint, images: Sequence[Image.Image]) -> Opinions:
    """Opinion of every view on 512x512 RGB photos, [photos, views]; the mean of a row is the score."""
    student = checkpoint.student
    if not isinstance(student, MomentStudent):
        raise TrainingError("only a moment student has views that can be told apart")
    inputs = normalise(to_batch(images), BACKBONES[checkpoint.config.backbone])
    seen = student.observe(inputs.contiguous(memory_format=torch.channels_last))
    opinions: Opinions = seen.views.numpy()
    return opinions


@torch.inference_mode()
def opinions_of_features(student: MomentStudent, features: Features) -> Opinions:
    """Opinion of every view on cached features, [photos, views]."""
    opinions: Opinions = student.head(torch.from_numpy(features)).numpy()
    return opinions


def opinions_of_photos(
    checkpoint: Checkpoint, photos: Sequence[RatedPhoto], report: Callable[[str], None] = print
) -> Opinions:
    """Opinion of every view on photo files, [photos, views]."""
    rows = []
    for start in range(0, len(photos), BATCH):
        rows.append(
            opinions_of_images(checkpoint, [load_photo(p.path) for p in photos[start : start + BATCH]])
        )
        if start and start % (50 * BATCH) == 0:
            report(f"{start} of {len(photos)} photos scored")
    return np.concatenate(rows)


def evaluate(
    opinions: Opinions,
    photos: Sequence[RatedPhoto],
    twins: npt.NDArray[np.bool_],
    *,
    resamples: int = 1000,
) -> Evaluation:
    """Compare opinions [photos, views] with the photos' MOS; ``twins`` [photos] tells near-duplicates."""
    mos = np.array([photo.mos for photo in photos])
    scores = opinions.mean(axis=1).astype(np.float64)
    subsets = np.array([photo.subset or "" for photo in photos])
    return Evaluation(
        agreement=agreement(scores, mos, resamples=resamples),
        subsets={
            str(name): srcc(scores[subsets == name], mos[subsets == name]) for name in np.unique(subsets)
        },
        untwinned=agreement(scores[~twins], mos[~twins], resamples=resamples),
        views=tuple(srcc(column, mos) for column in opinions.T),
        spread=srcc(opinions.std(axis=1), np.abs(scores - mos)),
    )
