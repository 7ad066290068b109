"""The whole student on rated photos, and on photos made worse on purpose."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageFilter

from mobileiqa_export.student import BACKBONES, Checkpoint, MomentStudent, load_checkpoint, normalise
from mobileiqa_export.student.moments import moments

from .biq2021 import Photo
from .errors import TrainingError
from .features import BATCH, Features, load_photo, open_photo, stretch, to_batch
from .metrics import Agreement, agreement, srcc

Opinions = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """What a checkpoint does on a set of rated photos.

    Attributes:
        agreement: with MOS, over all photos.
        subsets: SRCC within each part of BIQ2021.
        views: SRCC of each view alone.
        spread: SRCC between the views' standard deviation on a photo and the score's absolute error.
    """

    agreement: Agreement
    subsets: dict[str, float]
    views: tuple[float, ...]
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready values."""
        return {
            "agreement": self.agreement.to_dict(),
            "srcc_by_subset": self.subsets,
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
    taps = student.local_cnn(inputs.contiguous(memory_format=torch.channels_last))
    opinions: Opinions = student.head(torch.cat([moments(tap) for tap in taps], dim=1)).numpy()
    return opinions


@torch.inference_mode()
def opinions_of_features(student: MomentStudent, features: Features) -> Opinions:
    """Opinion of every view on cached features, [photos, views]."""
    opinions: Opinions = student.head(torch.from_numpy(features)).numpy()
    return opinions


def opinions_of_photos(
    checkpoint: Checkpoint, photos: Sequence[Photo], report: Callable[[str], None] = print
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


def evaluate(opinions: Opinions, photos: Sequence[Photo], *, resamples: int = 1000) -> Evaluation:
    """Compare opinions [photos, views] with the photos' MOS."""
    mos = np.array([photo.mos for photo in photos])
    scores = opinions.mean(axis=1).astype(np.float64)
    subsets = np.array([photo.subset for photo in photos])
    return Evaluation(
        agreement=agreement(scores, mos, resamples=resamples),
        subsets={
            str(name): srcc(scores[subsets == name], mos[subsets == name]) for name in np.unique(subsets)
        },
        views=tuple(srcc(column, mos) for column in opinions.T),
        spread=srcc(opinions.std(axis=1), np.abs(scores - mos)),
    )


def _blurred(radius: float) -> Callable[[Image.Image], Image.Image]:
    return lambda photo: photo.filter(ImageFilter.GaussianBlur(radius))


def _noisy(deviation: float) -> Callable[[Image.Image], Image.Image]:
    def add(photo: Image.Image) -> Image.Image:
        noise = np.random.default_rng(0).normal(0, deviation, (photo.height, photo.width, 3))
        return Image.fromarray(np.clip(np.asarray(photo) + noise, 0, 255).round().astype(np.uint8))

    return add


def _compressed(quality: int) -> Callable[[Image.Image], Image.Image]:
    def reopen(photo: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return reopen


def _darkened(gain: float) -> Callable[[Image.Image], Image.Image]:
    return lambda photo: photo.point(lambda value: value * gain)


FAULTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as is": lambda photo: photo,
    "blur 1": _blurred(1),
    "blur 2": _blurred(2),
    "blur 4": _blurred(4),
    "jpeg q30": _compressed(30),
    "jpeg q10": _compressed(10),
    "noise 10": _noisy(10),
    "noise 25": _noisy(25),
    "dark 0.3": _darkened(0.3),
}


def fault_scores(
    checkpoint: Checkpoint, paths: Sequence[Path], *, full_size: bool = False
) -> dict[str, dict[str, float]]:
    """Score of each photo with each of ``FAULTS``: {file name: {fault: score}}.

    Args:
        checkpoint: of a moment student.
        paths: of the photos.
        full_size: harm the photo before it is shrunk to 512x512, which hides much of the harm, and
            not after.
    """
    table: dict[str, dict[str, float]] = {}
    for path in paths:
        photo = open_photo(path) if full_size else load_photo(path)
        # One at a time, as the runtime does it.
        table[path.name] = {
            fault: float(opinions_of_images(checkpoint, [stretch(harm(photo))]).mean())
            for fault, harm in FAULTS.items()
        }
    return table
