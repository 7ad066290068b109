"""What a photo looks like, in 256 numbers: enough to tell whether two photos show the same scene.

- A perceptual hash: the signs of the 63 lowest frequencies and the mean of a 32 x 32 grey picture, against
  their median ("pHash"). It changes with the framing, and hardly with exposure, size or compression.
- A thumbnail of 8 x 8 pixels, brightness and two differences of colour, each without its mean and scaled to
  equal spread. It bears a moved camera, and tells scenes of one layout apart by their colours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]

SIDE = 128
"""Pixels. A large JPEG is decoded to not much more than this for its look."""

_GRID = 32
_CELLS = 8
_CHROMA = 0.5
"""How much a difference of colour counts beside one of brightness."""
_FLAT = 4.0
"""Levels of 255. A picture that varies less than this is nearly flat, and its noise is not blown up."""

_STEPS = np.arange(_GRID)
_COSINES = np.cos(np.pi * (2 * _STEPS[None] + 1) * _STEPS[:_CELLS, None] / (2 * _GRID))  # of a DCT-II


class Look(NamedTuple):
    """What a photo looks like.

    Attributes:
        hash: [64] bits.
        thumbnail: [192], of length 1; zeros for a picture of one colour.
    """

    hash: Bits
    thumbnail: Floats


def look_of(image: Image.Image) -> Look:
    """Returns what an upright picture of mode "RGB" looks like."""
    return Look(_hash(image), _thumbnail(image))


def _hash(image: Image.Image) -> Bits:
    grey = image.convert("L").resize((_GRID, _GRID), Image.Resampling.LANCZOS)
    low = _COSINES @ np.asarray(grey, np.float64) @ _COSINES.T
    return np.asarray(low > np.median(low), np.bool_).ravel()


def _thumbnail(image: Image.Image) -> Floats:
    cells = np.asarray(image.resize((_CELLS, _CELLS), Image.Resampling.BOX), np.float32)
    luma = cells @ np.array([0.299, 0.587, 0.114], np.float32)
    chroma = np.stack([cells[..., 0] - luma, cells[..., 2] - luma])
    vector = np.concatenate([_even(luma[None]), _CHROMA * _even(chroma)], dtype=np.float32).ravel()
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _even(planes: Floats) -> Floats:
    """Returns planes [n, 8, 8] without their means, scaled to a spread of about 1 over all of them."""
    centred = planes - planes.mean((1, 2), keepdims=True)
    return np.asarray(centred / (centred.std() + _FLAT), np.float32)
