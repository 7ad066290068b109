"""Ladders to learn from: one photograph at three growing strengths of one fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS, Distortion, Pixels
from mobileiqa_sdk.errors import PhotoError
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .arrays import Floats
from .features import sized

RUNGS = 3
GAP = (0.6, 1.4)
"""Distance of two rungs, in steps of the customary ladder: from two thirds of a step to one and a half."""
LARGE_SHARE = 0.25
"""How often a large photograph is harmed at twice the side and shrunk after, as a phone's photo would be."""

_PER_PIXEL = {"gaussian blur", "motion blur", "down-up scaling", "noise"}


@dataclass(frozen=True)
class Beginnings:
    """What ladders begin with.

    Attributes:
        good: rated photos. A fault added to a photo that is bad already is not always a step down.
        photographs: good ones without ratings; half of the ladders begin there, if there are any.
        size: (height, width) of the rungs.
    """

    good: Sequence[Path]
    photographs: Sequence[Pixels]
    size: tuple[int, int]

    def draw(self, generator: np.random.Generator) -> list[Pixels]:
        """A ladder of one photo, best first."""
        if not self.photographs or generator.random() < 0.5:
            photo = sized(self.good[int(generator.integers(len(self.good)))], self.size)
        else:
            photo = self.photographs[int(generator.integers(len(self.photographs)))]
        return draw_rungs(photo, self.size, generator)[1]


def better_half(paths: Sequence[Path], mos: Floats) -> list[Path]:
    """Those rated at least as good as the median."""
    median = np.median(mos)
    return [path for path, rating in zip(paths, mos, strict=True) if rating >= median]


def strength_at(distortion: Distortion, step: float, scale: float = 1.0) -> float | None:
    """The strength between the customary steps (1..5, interpolated; beyond them, extrapolated); None below.

    Below the first step strengths grow from a quarter of it; where shrinking by ``scale`` would
    hide the fault it is made that much stronger.
    """
    if step <= 0:
        return None
    first, second = distortion.steps[:2]
    gentler = max(2 * first - second, first / 3) if second > first else 2 * first - second
    strength = float(np.interp(step, range(6), (gentler, *distortion.steps)))
    return strength * scale if distortion.name in _PER_PIXEL else strength


def draw_rungs(
    photo: Pixels, size: tuple[int, int], generator: np.random.Generator
) -> tuple[str, list[Pixels]]:
    """The name of a fault, and the photo with ever more of it, best first: three of [*size, 3]."""
    name = str(generator.choice(list(DISTORTIONS)))
    distortion = DISTORTIONS[name]
    start = 0.0 if generator.random() < 0.4 else generator.uniform(0.3, 5 - 2 * GAP[0])
    steps = start + np.concatenate([[0], np.cumsum(generator.uniform(*GAP, RUNGS - 1))])
    steps = np.minimum(steps, 5) if steps[-1] <= 5 else steps * (5 / steps[-1])
    double = (2 * size[0], 2 * size[1])
    large = is_large(photo, size)
    at_double = large and generator.random() < LARGE_SHARE
    if large:
        photo = resized(photo, double if at_double else size)
    seed = int(generator.integers(2**31))
    rungs = []
    for step in steps:
        strength = strength_at(distortion, float(step), 2.0 if at_double else 1.0)
        harmed = photo if strength is None else distortion.apply(photo, strength, seed)
        rungs.append(resized(harmed, size))
    return name, rungs


def is_large(photo: Pixels, size: tuple[int, int]) -> bool:
    """Whether a photo has twice the pixels of ``size`` both ways."""
    return bool(photo.shape[0] >= 2 * size[0] and photo.shape[1] >= 2 * size[1])


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """To (height, width) by the runtime's rule."""
    return pixels if pixels.shape[:2] == size else resize(Image.fromarray(pixels), *size)


def photographs(folders: Sequence[Path], size: tuple[int, int]) -> list[Pixels]:
    """All photographs below these folders, RGB; large ones shrunk to twice ``size`` to spare memory.

    Files that are no photographs are passed over.
    """
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    photos = []
    for path in found:
        try:
            pixels = np.asarray(read_photo(path))
        except PhotoError:
            continue
        photos.append(resized(pixels, (2 * size[0], 2 * size[1])) if is_large(pixels, size) else pixels)
    return photos
