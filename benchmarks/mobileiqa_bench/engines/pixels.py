"""A network that takes pixels, fed with the same steps that the SDK takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.photo import Photo, read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.scorer import Seconds

from . import Assessed


@dataclass
class PixelEngine:
    """`run` takes a resized photo, uint8 RGB [height, width, 3], and gives its score."""

    height: int
    width: int
    run: Callable[[NDArray[np.uint8]], float]
    contract: ModelContract | None = None

    def assess(self, photo: Photo) -> Assessed:
        """Decode at full size, resize, run."""
        started = perf_counter()
        image = read_photo(photo)
        decoded = perf_counter()
        pixels = resize(image, self.height, self.width)
        resized = perf_counter()
        score = self.run(pixels)
        ended = perf_counter()
        return Assessed(score, Seconds(decoded - started, resized - decoded, ended - resized))


def read_size(folder: Path) -> tuple[int, int]:
    """(height, width) of the input of a converted network, from the file `write_size` made."""
    height, width = json.loads((folder / "size.json").read_text(encoding="utf-8"))
    return height, width


def write_size(folder: Path, size: tuple[int, int]) -> None:
    """Keep (height, width) beside a converted network."""
    (folder / "size.json").write_text(json.dumps(size), encoding="utf-8")
