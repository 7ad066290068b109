"""Simple measures of a picture at its own pixels. They compare photos of one scene, and mean nothing else.

Sharpness is the energy of the brightness's gradient (the mean square difference of neighbouring pixels) in an
8 x 8 grid of tiles: the sharpest quarter of the tiles, because a blurred background is not a fault, less
the quietest tile, because noise is in all tiles alike. It is divided by the picture's variance, because
exposure scales both. It cannot tell a lens out of focus from a shaken camera.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_TILES = 8  # a side
_SHARPEST = _TILES * _TILES // 4
_WHITE = 253
"""Levels of 255 from which a channel is clipped; compression moves white by one or two."""
_BLACK = 2


class Measures(NamedTuple):
    """Measures of one picture.

    Attributes:
        sharpness: energy of the gradient relative to the variance, at least 0.
        highlights: share of the pixels, 0 to 1, whose three channels are all clipped at white.
        shadows: share of the pixels, 0 to 1, that are clipped at black.
        brightness: mean luma, 0 to 1.
    """

    sharpness: float
    highlights: float
    shadows: float
    brightness: float


def measure(image: Image.Image, size: tuple[int, int] | None = None) -> Measures:
    """Returns the measures of a picture.

    Args:
        image: mode "RGB", of at least 32 x 32 pixels.
        size: (width, height) to shrink it to first, so that it is compared with a smaller photo.
    """
    if size is not None and size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    luma = image.convert("L")
    histogram = np.array(luma.histogram(), np.float64) / (luma.width * luma.height)
    levels = np.arange(256)
    mean = float(histogram @ levels)
    variance = float(histogram @ (levels - mean) ** 2)
    return Measures(
        sharpness=_gradient_energy(np.asarray(luma)) / variance if variance > 1 else 0.0,
        highlights=float(histogram[_WHITE:].sum()),
        shadows=float(histogram[: _BLACK + 1].sum()),
        brightness=mean / 255,
    )


def _gradient_energy(luma: NDArray[np.uint8]) -> float:
    """Returns the energy of the sharpest quarter of the tiles, less that of the quietest one."""
    rows = np.linspace(0, luma.shape[0], _TILES + 1).astype(int)
    columns = np.linspace(0, luma.shape[1], _TILES + 1).astype(int)
    energies = np.sort(
        [
            _energy(luma[top:bottom, left:right])
            for top, bottom in pairwise(rows)
            for left, right in pairwise(columns)
        ]
    )
    return float(energies[-_SHARPEST:].mean() - energies[0])


def _energy(tile: NDArray[np.uint8]) -> float:
    levels = tile.astype(np.float32)
    down, across = np.diff(levels, axis=0), np.diff(levels, axis=1)
    return float((down**2).mean() + (across**2).mean())
