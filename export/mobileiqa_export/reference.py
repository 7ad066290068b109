"""Scores by the network as trained, in PyTorch, which every artifact is compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from mobileiqa_bench.scenes import Pixels

from .blocks.statistics import normalise
from .student import Student, StudentConfig
from .teacher import Teacher, TeacherConfig
from .teacher.bounded import Bounded

Run = Callable[[Pixels], float]


def as_trained(network: Student | Teacher, config: StudentConfig | TeacherConfig) -> Run:
    """Returns a function that scores resized pixels, uint8 RGB [H, W, 3], before any rewrite."""
    bounded = with_bounds(network, config)

    def run(pixels: Pixels) -> float:
        with torch.inference_mode():
            batch = torch.from_numpy(pixels).permute(2, 0, 1)[None]
            return float(bounded(normalise(batch, config.statistics)).mean())

    return run


def with_bounds(network: Student | Teacher, config: StudentConfig | TeacherConfig) -> nn.Module:
    """Returns the network with its answers in 0..1; a teacher's need that, a student's are."""
    if isinstance(config, TeacherConfig):
        return nn.Sequential(network, Bounded(config.worst, config.best))
    return network


def on_pixels(network: nn.Module) -> Run:
    """Scores resized pixels by a network that takes uint8 RGB [1, H, W, 3]: the mean of its opinions."""

    def run(pixels: Pixels) -> float:
        with torch.inference_mode():
            return float(network(torch.from_numpy(pixels)[None]).mean())

    return run
