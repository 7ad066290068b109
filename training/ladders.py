"""Ladders to learn from: one photograph with three growing strengths of one fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS, Distortion
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.errors import PhotoError
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .arrays import Floats
from .features import read_resized

RUNGS = 3
"""Photos of one ladder, best first."""
GAP = (0.6, 1.4)
"""Range of the distance between two rungs, in steps of the evaluation's ladders."""
LARGE_SHARE = 0.25
"""Probability that a large photograph is distorted at twice the side and then shrunk, as on a phone."""

_FADES_WHEN_SHRUNK = {"gaussian blur", "motion blur", "down-up scaling", "noise"}
"""Distortions whose strength is measured in pixels."""


@dataclass(frozen=True)
class LadderSource:
    """The photographs that ladders start from.

    Attributes:
        rated: rated photos of the better half. A fault does not always make a bad photo worse.
        unrated: good photographs without ratings, RGB; if there are any, half of the ladders use them.
        size: (height, width) of the rungs.
    """

    rated: Sequence[Path]
    unrated: Sequence[Pixels]
    size: tuple[int, int]

    def draw(self, generator: np.random.Generator) -> list[Pixels]:
        """Returns the rungs of a random ladder, best first."""
        if not self.unrated or generator.random() < 0.5:
            photo = read_resized(self.rated[int(generator.integers(len(self.rated)))], self.size)
        else:
            photo = self.unrated[int(generator.integers(len(self.unrated)))]
        return draw_rungs(photo, self.size, generator)[1]


def better_half(paths: Sequence[Path], mos: Floats) -> list[Path]:
    """Returns the photos rated at least as good as the median."""
    median = np.median(mos)
    return [path for path, rating in zip(paths, mos, strict=True) if rating >= median]


def strength_at(distortion: Distortion, step: float, scale: float = 1.0) -> float | None:
    """Returns a distortion's strength at a fractional step of its ladder; None where there is no distortion.

    Args:
        distortion: its five strengths are those of steps 1 to 5; strengths between them are interpolated.
        step: from 0, which is None. Below 1 the strength grows from an extrapolated gentle one.
        scale: factor by which the photo will be shrunk afterwards. Distortions that this would hide are
            made that much stronger.
    """
    if step <= 0:
        return None
    first, second = distortion.steps[:2]
    gentle = max(2 * first - second, first / 3) if second > first else 2 * first - second
    strength = float(np.interp(step, range(6), (gentle, *distortion.steps)))
    return strength * scale if distortion.name in _FADES_WHEN_SHRUNK else strength


def draw_rungs(
    photo: Pixels, size: tuple[int, int], generator: np.random.Generator
) -> tuple[str, list[Pixels]]:
    """Returns the name of a random distortion and three rungs of it, best first, uint8 [*size, 3] each."""
    name = str(generator.choice(list(DISTORTIONS)))
    distortion = DISTORTIONS[name]
    first = 0.0 if generator.random() < 0.4 else generator.uniform(0.3, 5 - 2 * GAP[0])
    steps = first + np.concatenate([[0], np.cumsum(generator.uniform(*GAP, RUNGS - 1))])
    if steps[-1] > 5:
        steps = steps * (5 / steps[-1])
    double = (2 * size[0], 2 * size[1])
    large = is_large(photo, size)
    at_double = large and generator.random() < LARGE_SHARE
    if large:
        photo = resized(photo, double if at_double else size)
    seed = int(generator.integers(2**31))
    rungs = []
    for step in steps:
        strength = strength_at(distortion, float(step), 2.0 if at_double else 1.0)
        distorted = photo if strength is None else distortion.apply(photo, strength, seed)
        rungs.append(resized(distorted, size))
    return name, rungs


def is_large(photo: Pixels, size: tuple[int, int]) -> bool:
    """Returns whether both sides of a photo are at least twice those of ``size``."""
    return bool(photo.shape[0] >= 2 * size[0] and photo.shape[1] >= 2 * size[1])


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resizes to (height, width) by the runtime's rule."""
    return pixels if pixels.shape[:2] == size else resize(Image.fromarray(pixels), *size)


def read_photographs(folders: Sequence[Path], size: tuple[int, int]) -> list[Pixels]:
    """Reads all photographs below the folders, RGB; shrinks large ones to twice ``size`` to save memory.

    Files that are not photographs are skipped.
    """
    photos = []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        try:
            pixels = np.asarray(read_photo(path))
        except PhotoError:
            continue
        photos.append(resized(pixels, (2 * size[0], 2 * size[1])) if is_large(pixels, size) else pixels)
    return photos
