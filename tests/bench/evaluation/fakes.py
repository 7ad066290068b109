"""Models of one line, and photos for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from mobileiqa_sdk.errors import ContractMismatch
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize


class FakeScorer:
    """Scores by a function of the pixels that a model of this input size would see."""

    def __init__(self, quality: Callable[[np.ndarray], float], height: int = 48, width: int = 64) -> None:
        self.quality = quality
        self.asked: list[Any] = []
        self.resolution = None
        self.contract = SimpleNamespace(
            model=SimpleNamespace(name="fake"),
            input=SimpleNamespace(height=height, width=width, settings=(), text=f"{height} x {width}"),
        )

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        spec = self.contract.input
        return spec.height, spec.width

    def score(self, photo: Any) -> float:
        self.asked.append(photo)
        spec = self.contract.input
        score = self.quality(resize(read_photo(photo), spec.height, spec.width))
        if not 0 <= score <= 1:
            raise ContractMismatch(f"the model answered {score}")
        return score


def brightness(pixels: np.ndarray) -> float:
    return float(pixels.mean() / 255)


def sharpness(pixels: np.ndarray) -> float:
    """Mean step between neighbours: falls with blur, grows with noise."""
    values = pixels.astype(float)
    return float(min(np.abs(np.diff(values, axis=0)).mean() / 64, 1))


def save_greys(folder: Path, names: Sequence[str], values: Sequence[float]) -> None:
    """Grey photos of these brightnesses (0..1)."""
    for name, value in zip(names, values, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 40), (round(255 * value),) * 3).save(path)
