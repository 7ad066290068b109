"""The colours of scores: dark red for the worst, orange, yellow, light green for the best.

Equal steps of a score are equal steps to the eye: the colours are evenly spaced in OKLab (B. Ottosson, 2020).
They grow lighter all the way, so that they can be told apart without seeing red and green.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS = np.array(
    [
        (0x7C, 0x04, 0x38),
        (0x9C, 0x1F, 0x33),
        (0xB9, 0x39, 0x25),
        (0xCD, 0x5B, 0x10),
        (0xDA, 0x7E, 0x09),
        (0xDC, 0xA1, 0x1E),
        (0xCF, 0xC4, 0x49),
        (0xAD, 0xE1, 0x86),
        (0x8B, 0xF7, 0xCA),
    ],
    np.float32,
)
"""sRGB of equally spaced scores from 0 to 1."""


def colours_of(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Returns the sRGB colours of scores in [0, 1], float32 [..., 3] in 0..255.

    >>> colours_of(np.array([0.0, 1.0])).tolist()
    [[124.0, 4.0, 56.0], [139.0, 247.0, 202.0]]
    """
    at = np.linspace(0, 1, len(_STEPS))
    return np.stack([np.interp(scores, at, channel) for channel in _STEPS.T], axis=-1).astype(np.float32)
