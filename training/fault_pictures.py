"""Pictures to learn faults from: photographs with none, one or several of them, and how strong each is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.evaluation.faults import FAULTS, STEPS
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .arrays import Floats

HOW_MANY = (0.14, 0.40, 0.28, 0.18)
"""Probabilities of no fault, one, two and three."""
IN_ORDER = 0.75
"""Share of the pictures that get their faults in the order of :data:`FAULTS`; the others in any order."""
GENTLEST = 0.5
"""Steps of the mildest fault that is drawn."""
EARLIER = 0.5
"""Weight of the answer about a fault that another one was put on top of, which may hide it."""
SHRUNK = 0.4
"""Share of the pictures that get their faults at a larger size and are then shrunk."""
LEAST_SHARE = 0.25
"""Of the budget's pixels, for the smallest shrunk pictures."""
LARGEST_SCALE = 2.5
"""How much larger than what is looked at a photograph is kept for its faults, at most, a side."""
SHARPEST_BLOCKS = 2.0
"""Scale up to which the blocks of compression are as plain as at their own size."""


@dataclass(frozen=True)
class FaultPicture:
    """A picture as the model sees it.

    Attributes:
        pixels: uint8 [H, W, 3].
        severities: of each fault in :data:`FAULTS`, in 0..1, [faults].
        weights: how much each of them is to be trusted, in 0..1, [faults].
    """

    pixels: Pixels
    severities: Floats
    weights: Floats


def draw_picture(photograph: Pixels, budget: int, generator: np.random.Generator) -> FaultPicture:
    """Returns a photograph [H, W, 3] with random faults, in at most ``budget`` pixels."""
    photograph, scale = _framed(photograph, budget, generator)
    names = _drawn_names(generator)
    severities, weights = np.zeros(len(FAULTS), np.float32), np.ones(len(FAULTS), np.float32)
    for place, name in enumerate(names):
        step = float(generator.uniform(GENTLEST, STEPS))
        photograph = FAULTS[name].put_into(photograph, step, int(generator.integers(2**31)), scale)
        row = list(FAULTS).index(name)
        severities[row] = step / STEPS * (min(1.0, SHARPEST_BLOCKS / scale) if name == "compression" else 1.0)
        weights[row] = 1.0 if place == len(names) - 1 else EARLIER
    height, width = _size(photograph, scale)
    return FaultPicture(resize(Image.fromarray(photograph), height, width), severities, weights)


def read_large(path: Path, budget: int) -> Pixels:
    """Reads a photograph with as many pixels as faults may be put into, at most; uint8 [H, W, 3]."""
    photo = read_photo(path)
    most = Setting("source", round(budget * LARGEST_SCALE**2))
    return resize(photo, *fitted(photo.height, photo.width, most, 1))


def _framed(photograph: Pixels, budget: int, generator: np.random.Generator) -> tuple[Pixels, float]:
    """Returns the part that is shown, perhaps mirrored, and the factor by which it will be shrunk."""
    if generator.random() < 0.5:
        photograph = np.ascontiguousarray(photograph[:, ::-1])
    height, width = photograph.shape[:2]
    if generator.random() < SHRUNK:
        share = generator.uniform(LEAST_SHARE, 1.0)
        return photograph, max(1.0, sqrt(height * width / (budget * share)))
    if height * width <= budget:
        return photograph, 1.0
    shares = sqrt(budget / (height * width))
    crop_height, crop_width = int(height * shares), int(width * shares)
    top = int(generator.integers(height - crop_height + 1))
    left = int(generator.integers(width - crop_width + 1))
    return np.ascontiguousarray(photograph[top : top + crop_height, left : left + crop_width]), 1.0


def _drawn_names(generator: np.random.Generator) -> list[str]:
    count = int(generator.choice(len(HOW_MANY), p=HOW_MANY))
    names = [str(name) for name in generator.permutation(list(FAULTS))[:count]]
    return sorted(names, key=list(FAULTS).index) if generator.random() < IN_ORDER else names


def _size(photograph: Pixels, scale: float) -> tuple[int, int]:
    height, width = photograph.shape[:2]
    return max(round(height / scale), 1), max(round(width / scale), 1)
