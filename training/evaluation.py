"""A trained student on rated photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mobileiqa_bench.evaluation.agreement import Agreement, measure_agreement, srcc
from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.checkpoint import LoadedStudent, load_student
from mobileiqa_export.student import BACKBONES, MomentStudent, StudentConfig, normalise
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features, Flags, Floats
from .errors import TrainingError
from .features import BATCH, read_resized, to_batch
from .lite_features import read_fitted


@dataclass(frozen=True)
class StudentEvaluation:
    """How well a checkpoint agrees with people on a set of rated photos.

    Attributes:
        agreement: with MOS, over all photos.
        subsets: SRCC within each part of BIQ2021.
        without_near_duplicates: with MOS, over the photos that have no near-duplicate in the training split.
        views: SRCC of each view alone.
        spread: SRCC between the views' standard deviation on a photo and the score's absolute error.
    """

    agreement: Agreement
    subsets: dict[str, float]
    without_near_duplicates: Agreement
    views: tuple[float, ...]
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values."""
        return {
            "agreement": self.agreement.to_dict(),
            "srcc_by_subset": self.subsets,
            "agreement_without_near_duplicates": self.without_near_duplicates.to_dict(),
            "srcc_by_view": list(self.views),
            "srcc_of_view_spread_with_error": self.spread,
        }


def load_moment_student(path: str | Path) -> tuple[MomentStudent, LoadedStudent]:
    """Loads a checkpoint of the architecture that this recipe trains.

    Raises:
        TrainingError: it is a student with attention.
    """
    checkpoint = load_student(path)
    if not isinstance(checkpoint.network, MomentStudent):
        raise TrainingError(
            f"{path}: is a student with attention; pass one with moments, such as `head` writes"
        )
    return checkpoint.network, checkpoint


@torch.inference_mode()
def opinions_of_images(
    student: MomentStudent, backbone: str, images: Sequence[Image.Image | Pixels]
) -> Floats:
    """Returns every view's opinion of RGB photos of one size, [photos, views]; a row's mean is the score."""
    inputs = normalise(to_batch(images), BACKBONES[backbone])
    views: Floats = student.observe(inputs.contiguous(memory_format=torch.channels_last)).views.numpy()
    return views


@torch.inference_mode()
def opinions_of_features(student: MomentStudent, features: Features) -> Floats:
    """Returns every view's opinion of cached features, [photos, views]."""
    opinions: Floats = student.opinions(torch.from_numpy(features)).numpy()
    return opinions


def opinions_of_photos(
    student: MomentStudent, config: StudentConfig, photos: Sequence[RatedPhoto], progress: Progress = SILENT
) -> Floats:
    """Returns every view's opinion of photo files, [photos, views], at the student's default setting."""
    rows = []
    batch = 1 if config.settings else BATCH
    for start in range(0, len(photos), batch):
        images = [_seen(photo.path, config) for photo in photos[start : start + batch]]
        rows.append(opinions_of_images(student, config.backbone, images))
        if start and start % 400 == 0:
            progress.step(f"{start} of {len(photos)} photos scored")
    return np.concatenate(rows)


def _seen(path: Path, config: StudentConfig) -> Pixels:
    """Reads a photo as the student sees it."""
    if config.settings:
        _, max_pixels = config.settings[0]
        return read_fitted(path, max_pixels)
    return read_resized(path, config.input_size)


def evaluate(
    opinions: Floats, photos: Sequence[RatedPhoto], near_duplicates: Flags, *, resamples: int = 1000
) -> StudentEvaluation:
    """Compares opinions with MOS.

    Args:
        opinions: [photos, views].
        photos: with their MOS.
        near_duplicates: [photos], those with a near-duplicate in the training split.
        resamples: of the bootstrap.
    """
    mos = np.array([photo.mos for photo in photos])
    scores = opinions.mean(axis=1).astype(np.float64)
    subsets = np.array([photo.subset or "" for photo in photos])
    return StudentEvaluation(
        agreement=measure_agreement(scores, mos, resamples=resamples),
        subsets={
            str(name): srcc(scores[subsets == name], mos[subsets == name]) for name in np.unique(subsets)
        },
        without_near_duplicates=measure_agreement(
            scores[~near_duplicates], mos[~near_duplicates], resamples=resamples
        ),
        views=tuple(srcc(column, mos) for column in opinions.T),
        spread=srcc(opinions.std(axis=1), np.abs(scores - mos)),
    )
