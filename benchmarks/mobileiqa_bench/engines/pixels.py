"""A network that takes pixels, behind the same steps as in the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.photo import Photo, read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.scorer import Seconds

from . import Assessed, checked_mean


@dataclass
class PixelEngine:
    """A network behind one function.

    Attributes:
        height: of its input, in pixels.
        width: likewise.
        run: takes a resized photo, uint8 RGB [height, width, 3], and returns the opinions, of any shape.
        contract: of the artifact it was loaded from; None for what carries none.
    """

    height: int
    width: int
    run: Callable[[NDArray[np.uint8]], NDArray[np.floating[Any]]]
    contract: ModelContract | None = None

    def assess(self, photo: Photo) -> Assessed:
        """Decodes a photo at full size, resizes it and runs the network.

        Raises:
            PhotoError: the photo cannot be read.
            OpinionsInvalid: the network answered NaN, infinity or a value that is not in [0, 1].
        """
        started = perf_counter()
        image = read_photo(photo)
        decoded = perf_counter()
        pixels = resize(image, self.height, self.width)
        resized = perf_counter()
        opinions = self.run(pixels)
        ended = perf_counter()
        score = checked_mean(opinions.reshape(-1).tolist())
        return Assessed(score, Seconds(decoded - started, resized - decoded, ended - resized))


def read_size(folder: Path) -> tuple[int, int]:
    """Returns (height, width) of a converted network's input, from the file that `write_size` made."""
    height, width = json.loads((folder / "size.json").read_text(encoding="utf-8"))
    return height, width


def write_size(folder: Path, size: tuple[int, int]) -> None:
    """Writes (height, width) of its input beside a converted network."""
    (folder / "size.json").write_text(json.dumps(size), encoding="utf-8")
