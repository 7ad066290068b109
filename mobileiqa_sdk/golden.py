"""A test image that every platform can make bit for bit: whole numbers only, no library, no file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FORMULA = "triangles-1"
HEIGHT, WIDTH = 600, 800


def golden_image(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """Returns the image ``triangles-1``, uint8 RGB [height, width, 3].

    With T(n) = |n mod 510 - 255|, the pixel at row y, column x, channel c = 0, 1, 2 is
    (4 T((c+1) x + 100 c) + 3 T(2 (c+1) y + x) + T(37 x + 61 (c+1) y)) div 8: shading, an edge
    pattern and fine texture.
    """
    y, x = np.ogrid[:height, :width]
    channels = [
        4 * _triangle((c + 1) * x + 100 * c)
        + 3 * _triangle(2 * (c + 1) * y + x)
        + _triangle(37 * x + 61 * (c + 1) * y)
        for c in range(3)
    ]
    return (np.stack(channels, axis=-1) // 8).astype(np.uint8)


def _triangle(n: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.abs(n % 510 - 255)
