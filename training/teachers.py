"""Distillation: a student learns to see what trained networks of the family see (arXiv 2409.01212, 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export.student import (
    Checkpoint,
    Observation,
    Student,
    build_student,
    load_checkpoint,
)

from .errors import TrainingError


class Teacher(nn.Module):
    """Frozen networks of the family whose answers are averaged.

    Scores of any networks can be averaged. Features mean the same in two networks only if one was
    distilled from the other, so local features and views are taught by the first network alone,
    and only to a student whose own have the same shapes.
    """

    def __init__(self, networks: Sequence[Student]) -> None:
        super().__init__()
        if not networks:
            raise TrainingError("a teacher needs at least one trained network")
        self.networks = networks
        # Listed twice: a ModuleList moves between devices, and forgets what its members can do.
        self._modules_of_all = nn.ModuleList(networks).requires_grad_(False).eval()

    @torch.no_grad()
    def observe(self, inputs: Tensor) -> Observation:
        """What the first network sees, with the mean score of all: [B, 3, H, W] normalised pixels."""
        seen = [network.observe(inputs) for network in self.networks]
        return seen[0]._replace(score=torch.stack([one.score for one in seen]).mean(0))


def distillation_loss(student: Observation, teacher: Observation) -> Tensor:
    """Mean squared error of views, of stacked local features and of the score, summed.

    Views and local features count where the shapes agree; the score always does.
    """
    loss = F.mse_loss(student.score, teacher.score)
    for mine, taught in ((student.views, teacher.views), (student.local, teacher.local)):
        if mine.shape == taught.shape:
            loss = loss + F.mse_loss(mine, taught)
    return loss


def soup(paths: Sequence[str | Path]) -> Checkpoint:
    """The average of several checkpoints' weights, a uniform soup (Wortsman et al. 2022, arXiv 2203.05482).

    Raises:
        TrainingError: no checkpoint, or students of different sizes.
    """
    if not paths:
        raise TrainingError("a soup needs at least one checkpoint")
    loaded = [load_checkpoint(path) for path in paths]
    first = loaded[0]
    if any(other.config != first.config for other in loaded):
        raise TrainingError("only students of the same sizes can be averaged; these differ in their settings")
    states = [one.student.state_dict() for one in loaded]
    # Counters are no weights: BatchNorm's stay as in the first.
    mixed = {
        key: torch.stack([state[key] for state in states]).mean(0) if value.is_floating_point() else value
        for key, value in states[0].items()
    }
    student = build_student(first.config)
    student.load_state_dict(mixed)
    ingredients = [one.sha256 for one in loaded]
    return replace(first, student=student, info={**first.info, "soup": ingredients})
