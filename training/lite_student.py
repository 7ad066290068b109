"""A student on EfficientNet-Lite: one linear head on clipped, standardised moments."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mobileiqa_export.student import BACKBONES, MomentStudent, StudentConfig, build_student, normalise
from mobileiqa_export.student.moments import LinearViews

from .closed_form import LinearHead, Standardiser

FAST, HIGH = 512 * 512, 1536 * 1536
"""Pixels that photos are shrunk to, at most, at each of the two settings."""


def lite_config(backbone: str, *, halved: bool = False) -> StudentConfig:
    """Returns the sizes of a student on this backbone, a key of ``BACKBONES``."""
    settings = (("fast", FAST), ("high", HIGH))
    return StudentConfig(
        "moments", backbone, views=1, input_size=(512, 512), head="linear", settings=settings, halved=halved
    )


def headless_student(config: StudentConfig, weights: dict[str, Tensor]) -> MomentStudent:
    """Returns a student with a backbone of these weights and a head that is still to be fitted."""
    student = build_student(config)
    assert isinstance(student, MomentStudent)  # noqa: S101 - narrows the type
    student.local_cnn.load_state_dict(weights)
    return student.requires_grad_(False)


def set_head(student: MomentStudent, standardiser: Standardiser, head: LinearHead) -> None:
    """Gives a student the head that was fitted in closed form."""
    views = linear_head(student)
    with torch.no_grad():
        views.mean.copy_(torch.from_numpy(standardiser.mean))
        views.std.copy_(torch.from_numpy(standardiser.deviation))
        views.opinion.weight.copy_(torch.from_numpy(head.weight[np.newaxis]))
        views.opinion.bias.fill_(head.bias)


def linear_head(student: MomentStudent) -> LinearViews:
    """Returns the student's head."""
    assert isinstance(student.head, LinearViews)  # noqa: S101 - narrows the type
    return student.head


def moments_of(student: MomentStudent, backbone: str, pixels: Tensor) -> Tensor:
    """Returns the moments of photos, uint8 [B, 3, H, W], as [B, F]."""
    inputs = normalise(pixels, BACKBONES[backbone]).contiguous(memory_format=torch.channels_last)
    return student.observe(inputs).local


def unlimited_scores(student: MomentStudent, backbone: str, pixels: Tensor) -> Tensor:
    """Returns the scores of photos, uint8 [B, 3, H, W], as [B], not limited to 0..1.

    The limit would stop the slope of what is beyond it.
    """
    head = linear_head(student)
    standardised = (moments_of(student, backbone, pixels) - head.mean) / head.std
    return head.unlimited(standardised).mean(1)
