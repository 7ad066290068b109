"""Chooses the pictures that activation ranges are measured on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing
from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from mobileiqa_bench.fidelity.images import as_input, evenly
from mobileiqa_bench.photographs import Skipped, builtin, folder_of_photos, read_all
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.contract import InputSpec

IMAGES = 64
FEW = 32
# Photos of a large folder that are scored for each one that is used.
CANDIDATES = 4


@dataclass(frozen=True)
class Calibration:
    """Which pictures were used, and the pictures.

    Attributes:
        source: where they come from, in words.
        builtin: no folder was given; these are a fallback, unlike the photos to be scored.
        stratified: whether they were chosen evenly over the predicted scores of a larger folder.
        available: photos in the folder.
        photos: names of those used.
        skipped: photos that could not be read.
        pixels: uint8 RGB [H, W, 3] each, resized by the contract's rule.
    """

    source: str
    builtin: bool
    stratified: bool
    available: int
    photos: list[str]
    skipped: list[Skipped]
    pixels: list[Pixels] = field(repr=False, default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What to know before relying on the ranges, one sentence each."""
        sentences = []
        if self.builtin:
            sentences.append(
                "calibrated on built-in pictures; --calibration-data FOLDER with photos like those to be "
                "scored gives better ranges"
            )
        if self._different < FEW:
            sentences.append(
                f"calibrated on {self._different} different pictures; {FEW} or more give steadier ranges"
            )
        return sentences

    @cached_property
    def _different(self) -> int:
        """How many pictures there are without copies; hashing all of them takes a while."""
        return len({hashlib.sha256(picture.tobytes()).digest() for picture in self.pixels})


def calibration_set(
    spec: InputSpec,
    folder: str | Path | None,
    count: int = IMAGES,
    score: Callable[[Pixels], float] | None = None,
) -> Calibration:
    """Returns pictures for calibration with the default setting, always the same for the same folder.

    From a folder with more than ``count`` photos, four times ``count`` are taken evenly by name and scored.
    Those nearest to evenly spaced scores are used, so that rare bad photos are as present as common good
    ones. Without a folder: see :func:`_fallback`.

    Args:
        spec: the network's input.
        folder: with photos, subfolders included; None is the fallback.
        count: how many to use at most.
        score: predicted score of resized pixels; None takes the photos evenly by name.

    Raises:
        PhotosMissing: no photo in the folder can be read.
    """
    if folder is None:
        return _fallback(spec, count)
    source = folder_of_photos(folder)
    large = len(source.photos) > count
    candidates = count * CANDIDATES if large and score else count
    names, pixels, skipped = [], [], list(source.skipped)
    for path in evenly(source.photos, candidates):
        # One by one: decoded photos are many times larger than what is kept of them.
        read, bad = read_all([path])
        skipped += bad
        for _, photo in read:
            names.append(str(Path(path).relative_to(folder)))
            pixels.append(as_input(photo, spec))
    if not names:
        raise PhotosMissing(f"{folder}: none of its photos can be read: {skipped[0].reason}")
    stratify = score is not None and len(names) > count
    if score is not None and stratify:
        chosen = stratified([score(picture) for picture in pixels], count)
        names, pixels = [names[i] for i in chosen], [pixels[i] for i in chosen]
    return Calibration(
        "photos of the given folder", False, stratify, len(source.photos), names, skipped, pixels
    )


def stratified(scores: Sequence[float], count: int) -> list[int]:
    """Returns the indices of ``count`` scores that are spread evenly between the lowest and the highest, in
    order.
    """
    left = list(range(len(scores)))
    chosen = []
    for target in np.linspace(min(scores), max(scores), count):
        nearest = min(left, key=lambda i: (abs(scores[i] - target), i))
        left.remove(nearest)
        chosen.append(nearest)
    return sorted(chosen)


def _fallback(spec: InputSpec, count: int) -> Calibration:
    """Returns built-in pictures: each whole, its four quarters, and a middle rung of every ladder of faults.

    None of them is in the built-in verification set.
    """
    photos, source = builtin("calibration")
    views: list[tuple[str, Pixels]] = []
    for name, photo in photos:
        whole = as_input(photo, spec)
        views.append((name, whole))
        views += [(f"{name}, {which} quarter", as_input(crop, spec)) for which, crop in _quarters(photo)]
        for kind, ladder in DISTORTIONS.items():
            # A copy: PIL hands out read-only memory, which torch warns about.
            views.append((f"{name}, {kind}", np.array(ladder.apply(whole, ladder.steps[2], 0))))
    used = evenly(views, count)
    names, pixels = [name for name, _ in used], [picture for _, picture in used]
    return Calibration(source, True, False, len(photos), names, [], pixels)


def _quarters(photo: Image.Image) -> list[tuple[str, Image.Image]]:
    x, y = photo.width // 2, photo.height // 2
    return [
        ("top left", photo.crop((0, 0, x, y))),
        ("top right", photo.crop((x, 0, photo.width, y))),
        ("bottom left", photo.crop((0, y, x, photo.height))),
        ("bottom right", photo.crop((x, y, photo.width, photo.height))),
    ]
