"""Pictures that anchor the scale: a photograph, the same one with faults, and pictures of nothing.

Every photograph has a file of its own in the cache, so that an interrupted run loses one photograph.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.resample import resize

from .arrays import Features, Floats
from .lite_features import Extract

STEPS = (1, 3, 5)
"""Steps of the customary ladder, for photos of about 512 pixels a side."""
KINDS = 3
"""Faults drawn for each small photograph."""
LARGE = 2_000_000
"""Pixels from which a photograph gets the faults that show at full size."""
FULL_SIZE = {
    "gaussian blur": (1.0, 2.4, 12.0),
    "motion blur": (4.0, 10.0),
    "JPEG": (35.0, 9.0, 5.0),
    "noise": (5.0, 18.0),
    "down-up scaling": (2.0, 5.4),
}
"""Strengths at full size: the first should become visible, the last ones be plain to see."""
NOTHING = "nothing"
"""The fault of pictures that show nothing."""
NOTHING_SIZES = (
    *((side, side) for side in (64, 128, 256, 512, 1200)),
    *((97, 303), (375, 500), (480, 640), (517, 333), (591, 443), (640, 480), (1080, 1920), (2000, 1500)),
)
"""(height, width) of the pictures that show nothing. Odd ones too: the backbone pads them unevenly."""


@dataclass(frozen=True)
class Picture:
    """One picture of a ladder: the fault's name, empty for none; its step from 0, the photo's own; pixels."""

    fault: str
    step: int
    pixels: Pixels


def ladder_pictures(photo: Pixels, seed: int) -> Iterator[Picture]:
    """Yields a photograph [H, W, 3] without fault, then with each step of its faults."""
    yield Picture("", 0, photo)
    if photo.shape[0] * photo.shape[1] >= LARGE:
        for name, strengths in FULL_SIZE.items():
            for step, strength in enumerate(strengths, 1):
                yield Picture(name, step, DISTORTIONS[name].apply(photo, strength, seed))
        return
    generator = np.random.default_rng(seed)
    for name in generator.choice(list(DISTORTIONS), KINDS, replace=False):
        distortion = DISTORTIONS[str(name)]
        for step in STEPS:
            yield Picture(str(name), step, distortion.apply(photo, distortion.steps[step - 1], seed))


def pictures_of_nothing(height: int, width: int) -> Iterator[Picture]:
    """Yields flat colours and noise without any scene, uint8 [height, width, 3]."""
    for level in (0, 16, 64, 128, 192, 255):
        yield Picture(NOTHING, 0, np.full((height, width, 3), level, np.uint8))
    generator = np.random.default_rng(0)
    for colour in generator.integers(0, 256, (12, 3)):
        yield Picture(NOTHING, 0, np.tile(colour.astype(np.uint8), (height, width, 1)))
    yield Picture(NOTHING, 0, generator.integers(0, 256, (height, width, 3), np.uint8))
    grey = generator.integers(0, 256, (height, width, 1), np.uint8)
    yield Picture(NOTHING, 0, np.repeat(grey, 3, axis=2))
    for deviation in (10, 30, 60):
        levels = 128 + deviation * generator.standard_normal((height, width, 3))
        yield Picture(NOTHING, 0, np.clip(levels, 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Ladder:
    """Moments of one photograph's pictures.

    Attributes:
        features: [pictures, F].
        faults: name of each picture's fault, empty for the photograph itself.
        steps: of each picture, [pictures].
        budgets: the pixels that each picture was shrunk to, at most, [pictures].
    """

    features: Features
    faults: tuple[str, ...]
    steps: Floats
    budgets: Floats

    def clean(self, budget: float) -> Features:
        """Returns the photograph's own moments at one budget, [F]."""
        row = self.faults.index("", int(np.argmax(self.budgets == budget)))
        own: Features = self.features[row]
        return own


def fill_ladders(
    folder: Path,
    paths: Sequence[Path],
    extract: Extract,
    budgets: Sequence[int],
    progress: Progress = SILENT,
) -> int:
    """Extracts the ladders that are missing and returns how many there were.

    Small photographs are only read with the first budget.
    """
    folder.mkdir(parents=True, exist_ok=True)
    computed = 0
    for seed, path in enumerate(paths):
        file = folder / f"{path.stem}.npz"
        if not file.exists():
            photo = np.asarray(read_photo(path))
            large = photo.shape[0] * photo.shape[1] >= LARGE
            _write(file, ladder_pictures(photo, seed), extract, budgets if large else budgets[:1])
            computed += 1
            progress.step(f"{file.name}: {seed + 1} of {len(paths)}")
    file = folder / f"{NOTHING}.npz"
    if not file.exists():
        pictures = (picture for size in NOTHING_SIZES for picture in pictures_of_nothing(*size))
        _write(file, pictures, extract, budgets)
    return computed


def read_ladders(folder: Path) -> dict[str, Ladder]:
    """Returns the ladders in a folder by the name of their photograph."""
    return {file.stem: _read(file) for file in sorted(folder.glob("*.npz"))}


def _read(file: Path) -> Ladder:
    with np.load(file) as arrays:
        faults = tuple(str(name) for name in arrays["faults"])
        return Ladder(arrays["features"], faults, arrays["steps"], arrays["budgets"])


def _write(file: Path, pictures: Iterator[Picture], extract: Extract, budgets: Sequence[int]) -> None:
    rows = [
        (budget, picture.fault, picture.step, extract(_shrunk(picture.pixels, budget)))
        for picture in pictures
        for budget in budgets
    ]
    rows.sort(key=lambda row: row[0])
    scratch = file.with_suffix(".tmp")
    with scratch.open("wb") as stream:
        np.savez(
            stream,
            budgets=np.array([row[0] for row in rows], np.float32),
            faults=np.array([row[1] for row in rows]),
            steps=np.array([row[2] for row in rows], np.float32),
            features=np.stack([row[3] for row in rows]),
        )
    os.replace(scratch, file)


def _shrunk(pixels: Pixels, budget: int) -> Pixels:
    height, width = pixels.shape[:2]
    return resize(Image.fromarray(pixels), *fitted(height, width, Setting("cache", budget), 1))
