"""Whether there is anything in a window to judge: detail, which noise and a clear sky are not.

A window's brightness is compared with a smooth surface through it, because a sky grows brighter towards the
horizon. What is left is averaged over blocks of 2, 4 and 8 pixels a side. Noise has no neighbours: the
deviation of the averages falls as fast as the blocks grow, so that deviation times side stays what it was.
What a photo shows reaches over several pixels, even out of focus, and there the product grows. A window is
flat if at no scale the product exceeds the noise, which is measured at the finest scale, where neighbours
differ most by noise. It counts relative to the window's brightness, as to the eye: a part that is too dark is
not flat.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FLAT_BELOW = 0.02
"""Detail below which a window is flat: averages of 8 x 8 pixels deviate by less than 2 % of brightness."""

_BLOCKS = (2, 4, 8)
"""Pixels of the side of the blocks that are averaged."""
_DARK = 16.0
"""Levels of 255 that are added to the brightness, so that the rounding of black is no detail."""
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)
_Floats = NDArray[np.float32]


def is_flat(pixels: NDArray[np.uint8]) -> bool:
    """Returns whether a window, uint8 RGB [height, width, 3], shows nothing that could be judged."""
    return detail(pixels) < FLAT_BELOW


def detail(pixels: NDArray[np.uint8]) -> float:
    """Returns how much a window shows beyond noise: the deviation of averages of 8 x 8 pixels or as much.

    It is relative to the brightness, and at least 0.

    Args:
        pixels: uint8 RGB [height, width, 3] with sides of at least 8.

    >>> noise = np.random.default_rng(0).normal(128, 20, (256, 256, 1)).clip(0, 255).astype(np.uint8)
    >>> edge = np.full((256, 256, 3), 100, np.uint8)
    >>> edge[:, 100:] = 130
    >>> detail(np.repeat(noise, 3, axis=2)) < FLAT_BELOW < detail(edge)
    True
    """
    height, width = (side // _BLOCKS[-1] * _BLOCKS[-1] for side in pixels.shape[:2])
    levels = pixels[:height, :width] @ _LUMA
    brightness = float(levels.mean())
    levels = levels - _smooth_surface(levels)
    noise = _fine_noise(levels)
    energies = [block * block * float((_averages(levels, block) ** 2).mean()) for block in _BLOCKS]
    return math.sqrt(max(*energies, noise) - noise) / _BLOCKS[-1] / (brightness + _DARK)


def _averages(levels: _Floats, block: int) -> _Floats:
    """Returns the means of square blocks, [height / block, width / block]."""
    height, width = levels.shape
    blocks = levels.reshape(height // block, block, width // block, block)
    averages: _Floats = blocks.mean(axis=(1, 3), dtype=np.float32)
    return averages


def _fine_noise(levels: _Floats) -> float:
    """Returns the variance of white noise by the diagonal differences of neighbours, where edges are few."""
    diagonal = levels[::2, ::2] - levels[1::2, ::2] - levels[::2, 1::2] + levels[1::2, 1::2]
    return float((diagonal**2).mean()) / 4


def _smooth_surface(levels: _Floats) -> _Floats:
    """Returns the surface of second degree that fits best."""
    down, across = _polynomials(levels.shape[0]), _polynomials(levels.shape[1])
    weights = down.T @ levels @ across
    weights[1:, 2] = weights[2, 1:] = 0  # of third and fourth degree
    surface: _Floats = (down @ weights @ across.T).astype(np.float32)
    return surface


@lru_cache(maxsize=8)
def _polynomials(length: int) -> _Floats:
    """Returns orthonormal polynomials of degree 0, 1 and 2 on equal steps, [length, 3]."""
    steps = np.linspace(-1, 1, length)
    orthonormal, _ = np.linalg.qr(np.stack([np.ones(length), steps, steps**2], axis=1))
    polynomials: _Floats = orthonormal.astype(np.float32)
    return polynomials
