"""The runtime; the SDK looks for ``Session``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk import ModelContract
from mobileiqa_sdk.runtimes import Runtime


class Session(Runtime):
    """Answers the mean brightness."""

    def __init__(self, path: Path, threads: int) -> None:
        self.path = path
        self.contract = ModelContract.from_json(path.read_bytes(), str(path))

    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """See the base class."""
        return [np.array([pixels.mean() / 255])]
