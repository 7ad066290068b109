"""What happens to pictures on their way: faults, crops, mirroring and lost colour.

Photographs and other pictures get the same treatments, so that no treatment tells one from the other.
"""

from __future__ import annotations

import numpy as np

from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from mobileiqa_bench.scenes import Pixels

STRONGEST = 4
"""Steps of a fault's ladder that are drawn from. The fifth of underexposure leaves no scene to recognise."""
SHORTEST = 96
"""Pixels that a crop leaves of a side, at least."""


def treated(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Returns a picture, uint8 [H, W, 3], perhaps cropped, mirrored, grey or with a fault."""
    if generator.random() < 0.4:
        pixels = _cropped(pixels, generator)
    if generator.random() < 0.5:
        pixels = pixels[:, ::-1]
    if generator.random() < 0.15:
        luma = np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
        pixels = np.repeat(luma[..., np.newaxis], 3, axis=2)
    if generator.random() < 0.6:
        distortion = DISTORTIONS[str(generator.choice(list(DISTORTIONS)))]
        strength = distortion.steps[int(generator.integers(STRONGEST))]
        pixels = distortion.apply(np.ascontiguousarray(pixels), strength, int(generator.integers(2**31)))
    return np.ascontiguousarray(pixels)


def _cropped(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Returns a part with 40 to 100 % of each side, at least :data:`SHORTEST` pixels if there are as many."""
    shares = generator.uniform(0.4, 1.0, 2)
    height, width = (
        max(int(side * share), min(side, SHORTEST))
        for side, share in zip(pixels.shape[:2], shares, strict=True)
    )
    top = int(generator.integers(pixels.shape[0] - height + 1))
    left = int(generator.integers(pixels.shape[1] - width + 1))
    return pixels[top : top + height, left : left + width]
