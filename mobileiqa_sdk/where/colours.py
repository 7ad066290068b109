"""The colours of scores: violet for the worst, then red, orange and yellow, and light green for the best.

Equal steps of a score are equal steps to the eye: the colours are evenly spaced in OKLab (B. Ottosson, 2020).
They grow lighter all the way, so that they can be told apart without seeing red and green.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS = np.array(
    [
        (0x3C, 0x14, 0x75),
        (0x71, 0x13, 0x79),
        (0xA4, 0x0F, 0x68),
        (0xCD, 0x32, 0x50),
        (0xE8, 0x5D, 0x28),
        (0xF1, 0x90, 0x00),
        (0xDF, 0xBF, 0x00),
        (0xAD, 0xE8, 0x72),
        (0x80, 0xFF, 0xD7),
    ],
    np.float32,
)
"""sRGB of equally spaced scores from 0 to 1."""


def colours_of(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Returns the sRGB colours of scores in [0, 1], float32 [..., 3] in 0..255.

    >>> colours_of(np.array([0.0, 1.0])).tolist()
    [[60.0, 20.0, 117.0], [128.0, 255.0, 215.0]]
    """
    at = np.linspace(0, 1, len(_STEPS))
    return np.stack([np.interp(scores, at, channel) for channel in _STEPS.T], axis=-1).astype(np.float32)
