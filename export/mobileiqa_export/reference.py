"""Scores by the network as trained, in PyTorch, which every artifact is compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from mobileiqa_bench.scenes import Pixels

from .student import BACKBONES, Student, StudentConfig, normalise

Run = Callable[[Pixels], float]


def as_trained(student: Student, config: StudentConfig) -> Run:
    """Returns a function that scores resized pixels, uint8 RGB [H, W, 3], before any rewrite."""
    spec = BACKBONES[config.backbone]

    def run(pixels: Pixels) -> float:
        with torch.inference_mode():
            batch = torch.from_numpy(pixels).permute(2, 0, 1)[None]
            return float(student(normalise(batch, spec)).mean())

    return run


def on_pixels(network: nn.Module) -> Run:
    """Scores resized pixels by a network that takes uint8 RGB [1, H, W, 3]: the mean of its opinions."""

    def run(pixels: Pixels) -> float:
        with torch.inference_mode():
            return float(network(torch.from_numpy(pixels)[None]).mean())

    return run
