"""The network as trained, in PyTorch, against the artifact, on images that anyone can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.resample import resize

from ..student import BACKBONES, Student, StudentConfig, normalise

Images = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Parity:
    """Scores of one image by the reference and by the artifact."""

    image: str
    reference: float
    artifact: float

    @property
    def difference(self) -> float:
        """|artifact - reference|."""
        return abs(self.artifact - self.reference)


def probes() -> dict[str, NDArray[np.uint8]]:
    """Test images, uint8 RGB: the golden one, and its negative upside down."""
    golden = golden_image()
    return {"golden": golden, "golden, negative, upside down": 255 - golden[::-1]}


def resized(image: NDArray[np.uint8], config: StudentConfig) -> NDArray[np.uint8]:
    """The pixels that the network sees, uint8 RGB [H, W, 3]."""
    return resize(Image.fromarray(image), *config.input_size)


def reference_scores(student: Student, config: StudentConfig, images: Images) -> dict[str, float]:
    """Scores of the student as published, in float32, before any rewrite."""
    scores = {}
    with torch.inference_mode():
        for name, image in images.items():
            pixels = torch.from_numpy(resized(image, config)).permute(2, 0, 1)[None]
            scores[name] = float(student(normalise(pixels, BACKBONES[config.backbone])))
    return scores


def compare(scorer: Scorer, images: Images, references: Mapping[str, float]) -> list[Parity]:
    """Each image by the artifact, beside its reference."""
    return [Parity(name, references[name], scorer.score(image)) for name, image in images.items()]
