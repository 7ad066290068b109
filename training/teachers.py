"""Distillation: a student learns features and scores of trained students (arXiv 2409.01212, section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export.checkpoint import LoadedStudent, load_student
from mobileiqa_export.student import Observation, Student, build_student

from .errors import TrainingError


class Teacher(nn.Module):
    """Frozen students whose scores are averaged.

    Scores of any networks can be averaged. Features mean the same in two networks only if one was
    distilled from the other, so local features and views come from the first network alone, and only a
    student with the same shapes learns them.

    Raises:
        TrainingError: there are no networks.
    """

    def __init__(self, networks: Sequence[Student]) -> None:
        super().__init__()
        if not networks:
            raise TrainingError("a teacher needs at least one trained network")
        self.networks = networks
        # Listed twice: a ModuleList moves its members between devices, but loses their type.
        self._registered = nn.ModuleList(networks).requires_grad_(False).eval()

    @torch.no_grad()
    def observe(self, inputs: Tensor) -> Observation:
        """Returns the first network's observation of normalised pixels [B, 3, H, W], with the mean score."""
        observations = [network.observe(inputs) for network in self.networks]
        score = torch.stack([observation.score for observation in observations]).mean(0)
        return observations[0]._replace(score=score)


def distillation_loss(student: Observation, teacher: Observation) -> Tensor:
    """Returns the summed mean squared errors of the views, of the stacked local features and of the score.

    Views and local features count only if their shapes agree; the score always counts.
    """
    loss = F.mse_loss(student.score, teacher.score)
    for actual, target in ((student.views, teacher.views), (student.local, teacher.local)):
        if actual.shape == target.shape:
            loss = loss + F.mse_loss(actual, target)
    return loss


def soup(paths: Sequence[str | Path], shares: Sequence[float] = ()) -> LoadedStudent:
    """Averages the weights of several checkpoints, a soup (Wortsman et al. 2022, arXiv 2203.05482).

    A fine-tuned student averaged with the one it began from often beats both (the same authors,
    arXiv 2109.01903).

    Args:
        paths: students of the same sizes.
        shares: of each checkpoint, summing to one; equal shares if empty.

    Raises:
        TrainingError: there is no checkpoint, the students differ in their sizes, or the shares are
            not one non-negative number per checkpoint with a sum of one.
    """
    if not paths:
        raise TrainingError("a soup needs at least one checkpoint")
    shares = shares or [1 / len(paths)] * len(paths)
    if len(shares) != len(paths) or abs(sum(shares) - 1) > 1e-6 or min(shares) < 0:
        raise TrainingError(
            f"{len(paths)} checkpoints need {len(paths)} shares, none negative, with a sum of one"
        )
    loaded = [load_student(path) for path in paths]
    first = loaded[0]
    if any(checkpoint.config != first.config for checkpoint in loaded):
        raise TrainingError("only students of the same sizes can be averaged; these differ in their settings")
    student = build_student(first.config)
    student.load_state_dict(average_states([one.network.state_dict() for one in loaded], shares))
    ingredients = [
        {"sha256": one.sha256, "share": share, "training": one.info.get("training")}
        for one, share in zip(loaded, shares, strict=True)
    ]
    return replace(first, network=student, info={**loaded[-1].info, "training": {"soup": ingredients}})


def average_states(states: Sequence[dict[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Returns the weighted mean of state_dicts. Integers (BatchNorm's counters) are those of the first."""
    mixed = {}
    for key, value in states[0].items():
        if value.is_floating_point():
            terms = (share * state[key] for share, state in zip(shares, states, strict=True))
            mixed[key] = sum(terms, torch.zeros(()))
        else:
            mixed[key] = value
    return mixed
