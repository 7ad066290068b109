"""Names for the arrays that the recipe passes around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
"""One number per photo: opinions or scores."""
Features = npt.NDArray[np.float32]
"""The moments of all five taps along the last axis, 3,456 numbers per photo."""
Rows = npt.NDArray[np.intp]
"""Row numbers of photos."""
Flags = npt.NDArray[np.bool_]
"""One truth value per photo."""
