"""What arrays of numbers are called here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
"""One number a photo: opinions, scores."""
Features = npt.NDArray[np.float32]
"""Moments of the five taps in the last axis, 3,456 of them."""
