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


def soup(paths: Sequence[str | Path], shares: Sequence[float] = ()) -> Checkpoint:
    """The average of several checkpoints' weights, a soup (Wortsman et al. 2022, arXiv 2203.05482).

    A fine-tuned student averaged with what it began from often beats both (the same authors,
    arXiv 2109.01903).

    Args:
        paths: of students of the same sizes.
        shares: of each, summing to one; empty is equal shares.

    Raises:
        TrainingError: no checkpoint, students of different sizes, or shares that do not fit.
    """
    if not paths:
        raise TrainingError("a soup needs at least one checkpoint")
    shares = shares or [1 / len(paths)] * len(paths)
    if len(shares) != len(paths) or abs(sum(shares) - 1) > 1e-6 or min(shares) < 0:
        raise TrainingError(f"{len(paths)} checkpoints need as many shares, none negative, with a sum of one")
    loaded = [load_checkpoint(path) for path in paths]
    first = loaded[0]
    if any(other.config != first.config for other in loaded):
        raise TrainingError("only students of the same sizes can be averaged; these differ in their settings")
    states = [one.student.state_dict() for one in loaded]
    # Counters are no weights: BatchNorm's stay as in the first.
    mixed = {
        key: sum((share * state[key] for share, state in zip(shares, states, strict=True)), torch.zeros(()))
        if value.is_floating_point()
        else value
        for key, value in states[0].items()
    }
    student = build_student(first.config)
    student.load_state_dict(mixed)
    ingredients = [
        {"sha256": one.sha256, "share": share, "training": one.info.get("training")}
        for one, share in zip(loaded, shares, strict=True)
    ]
    return replace(first, student=student, info={**loaded[-1].info, "training": {"soup": ingredients}})
