"""A hundred pictures that every platform can make bit for bit, to compare a device's scores with Python's.

Whole numbers only, like the golden image. They differ in size, shape, pattern, contrast and grain, so that
their scores differ too; one score for one picture would not show an error that depends on the content.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FORMULA = "waves-1"
COUNT = 100
SIZES = ((240, 320), (320, 240), (384, 512), (448, 448), (480, 640))
"""Height and width of picture k: entry k mod 5."""


def make_picture(number: int) -> NDArray[np.uint8]:
    """Returns picture ``number``, from 0 to 99, uint8 RGB [height, width, 3], by the formula ``waves-1``.

    With T(n) = |n mod 510 - 255| and H(n) = (n mod 4093)^2 div 13 mod 256, the pixel of picture k at row y,
    column x, channel c = 0, 1, 2 is 128 + (255 - 20 (k mod 11)) (v - 128) div 255, where v is
    ((8 - g) T((1 + k mod 7) x + (1 + k div 7 mod 9) y + 40 c k) + g H(31 x + 57 y (c + 1) + x y + k)) div 8
    and g = k div 3 mod 8 is the grain. Divisions round down.
    """
    height, width = SIZES[number % len(SIZES)]
    y, x = (axis.astype(np.int32) for axis in np.ogrid[:height, :width])
    grain, contrast = number // 3 % 8, 255 - 20 * (number % 11)
    channels = []
    for c in range(3):
        wave = np.abs(((1 + number % 7) * x + (1 + number // 7 % 9) * y + 40 * c * number) % 510 - 255)
        noise = ((31 * x + 57 * y * (c + 1) + x * y + number) % 4093) ** 2 // 13 & 255
        value = ((8 - grain) * wave + grain * noise) // 8
        channels.append(128 + contrast * (value - 128) // 255)
    return np.stack(channels, axis=-1).astype(np.uint8)
