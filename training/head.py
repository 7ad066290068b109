"""Trains the views on cached features, and assembles the whole student."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from mobileiqa_export.student.moments import MomentViews
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features, Floats
from .backbone_file import BACKBONE
from .features import SIDE
from .ladders import RUNGS
from .partition import Partition


@dataclass(frozen=True)
class HeadSettings:
    """Everything that decides the trained head. The defaults made the head that fine-tuning began from.

    Attributes:
        hidden: units of each view.
        views: how many simulated opinions.
        validation: photos of the official training split that are held out to choose the epoch.
        epochs: passes over the other photos; the learning rate falls to zero along a half cosine.
        batch: photos per step.
        rate: peak learning rate of AdamW.
        decay: AdamW's decoupled weight decay, on weights but not on biases.
        dropout: probability of dropping a hidden unit.
        noise: standard deviation of Gaussian noise on the standardized features.
        correlation: weight of the (1 - PLCC) term beside the squared error.
        average: per-step decay of the moving average of the weights, which is what is kept.
        ranking: weight of the hinge between rungs of a ladder; see :func:`ladder_loss`.
        margin: how much lower, at least, the next rung should score.
        ladders: how many ladders a step sees.
        bootstrap: whether each view learns from its own resample, with replacement, of the photos.
        seed: of the split, the weights, the resamples and the order of photos.
    """

    hidden: int = 32
    views: int = 8
    validation: int = 1000
    epochs: int = 100
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.5
    dropout: float = 0.5
    noise: float = 0.5
    correlation: float = 0.1
    average: float = 0.998
    ranking: float = 0.0
    margin: float = 0.01
    ladders: int = 64
    bootstrap: bool = True
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class TrainedHead:
    """The head of the epoch with the best SRCC on the validation photos.

    Attributes:
        head: in eval mode.
        epoch: counted from 1.
        srcc, plcc: on the validation photos.
    """

    head: MomentViews
    epoch: int
    srcc: float
    plcc: float


def train_head(
    features: Features,
    flipped: Features | None,
    mos: Floats,
    part: Partition,
    settings: HeadSettings,
    *,
    start: MomentViews | None = None,
    ladders: Features | None = None,
    progress: Progress = SILENT,
) -> TrainedHead:
    """Trains the views and returns their moving average at the epoch with the best validation SRCC.

    Args:
        features: of the training split's photos, [N, F].
        flipped: of the same photos mirrored left to right; each step draws one of the two for each photo.
        mos: opinions [N] in 0..1.
        part: which rows train the weights and which choose the epoch.
        settings: see :class:`HeadSettings`.
        start: head to continue from, standardization included; None for fresh weights.
        ladders: features of ladders, [L, RUNGS, F], best rung first; None for no ranking loss.
        progress: receives the validation figures every five epochs.

    Raises:
        ValueError: ``settings.epochs`` is below 1.
    """
    if settings.epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {settings.epochs}")
    torch.manual_seed(settings.seed)
    rows, held_out = part.learn, part.validate
    sources = [features] if flipped is None else [features, flipped]
    inputs = torch.stack([torch.from_numpy(source[rows]) for source in sources])
    target = torch.from_numpy(mos[rows])
    head = _fresh_head(inputs[0], settings) if start is None else _copied_head(start, settings)
    averaged = copy.deepcopy(head).requires_grad_(False).eval()
    inputs = (inputs - head.mean) / head.std
    rungs = None if ladders is None else (torch.from_numpy(ladders) - head.mean) / head.std
    weights = bootstrap_weights(len(rows), settings.views, settings.seed, enabled=settings.bootstrap)
    optimizer = adamw(head, settings.rate, settings.decay)
    steps = settings.epochs * (len(rows) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))
    opinions_of = _without_standardization(head)
    best: TrainedHead | None = None
    for epoch in range(1, settings.epochs + 1):
        order = torch.randperm(len(rows))
        for place in range(0, len(rows) - settings.batch + 1, settings.batch):
            chosen = order[place : place + settings.batch]
            source = torch.randint(len(inputs), (len(chosen),))
            batch = inputs[source, chosen]
            if settings.noise:
                batch = batch + settings.noise * torch.randn_like(batch)
            loss = view_loss(opinions_of(batch), target[chosen], weights[chosen], settings.correlation)
            if rungs is not None:
                drawn = rungs[torch.randint(len(rungs), (settings.ladders,))].flatten(0, 1)
                loss = loss + settings.ranking * ladder_loss(opinions_of(drawn), settings.margin)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            move_average(averaged, head, settings.average)
        judged = _judged(averaged, epoch, features[held_out], mos[held_out])
        if best is None or judged.srcc > best.srcc:
            best = replace(judged, head=copy.deepcopy(averaged))
        if epoch % 5 == 0 or epoch == settings.epochs:
            progress.step(f"epoch {epoch:3}: validation SRCC {judged.srcc:.4f}, PLCC {judged.plcc:.4f}")
    assert best is not None  # noqa: S101 - narrows the type; there is at least one epoch
    return best


def _judged(head: MomentViews, epoch: int, features: Features, mos: Floats) -> TrainedHead:
    """Returns the figures of a head on the validation photos."""
    with torch.inference_mode():
        scores = head(torch.from_numpy(features)).mean(1).numpy()
    return TrainedHead(head, epoch, srcc(scores, mos), plcc(scores, mos))


def assemble(
    head: MomentViews, weights: dict[str, Tensor], settings: HeadSettings
) -> tuple[MomentStudent, StudentConfig]:
    """Joins a backbone's weights and a trained head to a whole student, in eval mode."""
    config = StudentConfig(
        "moments", BACKBONE, hidden=settings.hidden, views=settings.views, input_size=(SIDE, SIDE)
    )
    student = build_student(config)
    assert isinstance(student, MomentStudent)  # noqa: S101 - narrows the type
    student.local_cnn.load_state_dict(weights)
    student.head.load_state_dict(head.state_dict())
    return student.eval(), config


def _fresh_head(features: Tensor, settings: HeadSettings) -> MomentViews:
    """Builds a head that standardizes features by the mean and deviation of these ones, [N, F]."""
    head = MomentViews(features.shape[1], settings.hidden, settings.views)
    head.dropout.p = settings.dropout
    head.mean.copy_(features.mean(0))
    # Channels that ReLU keeps at zero have no deviation to divide by.
    head.std.copy_(features.std(0).clamp_min(1e-3))
    return head.train()


def _copied_head(start: MomentViews, settings: HeadSettings) -> MomentViews:
    head = copy.deepcopy(start).requires_grad_(True)
    head.dropout.p = settings.dropout
    return head.train()


def _without_standardization(head: MomentViews) -> Callable[[Tensor], Tensor]:
    """Returns the head as a function of standardized features, so that they are standardized only once."""

    def opinions(standardized: Tensor) -> Tensor:
        hidden = head.dropout(torch.relu(head.hidden(standardized)))
        return torch.sigmoid(head.opinion(hidden.unsqueeze(-1)).squeeze(-1))

    return opinions


def bootstrap_weights(count: int, views: int, seed: int, *, enabled: bool = True) -> Tensor:
    """Returns how often each photo occurs in each view's resample, [count, views].

    All are one if not enabled. A single view has no other view to differ from, so it learns from every
    photo once.
    """
    if not enabled or views == 1:
        return torch.ones(count, views)
    rng = np.random.default_rng(seed + 1)
    drawn = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(views)]
    return torch.from_numpy(np.stack(drawn, axis=1).astype(np.float32))


def view_loss(opinions: Tensor, mos: Tensor, weights: Tensor, correlation: float) -> Tensor:
    """Returns the squared error plus the weighted (1 - PLCC), summed over views.

    Views share no weights, so the sum trains each as if it were alone.

    Args:
        opinions: [B, views].
        mos: [B].
        weights: how often each photo occurs in each view's resample, [B, views].
        correlation: weight of the (1 - PLCC) term.
    """
    share = weights / weights.sum(0)
    target = mos.unsqueeze(1)
    squared = (share * (opinions - target) ** 2).sum(0)
    x = opinions - (share * opinions).sum(0)
    y = target - (share * target).sum(0)
    covariance = (share * x * y).sum(0)
    spread = torch.sqrt((share * x * x).sum(0) * (share * y * y).sum(0) + 1e-12)
    return (squared + correlation * (1 - covariance / spread)).sum()


def ladder_loss(opinions: Tensor, margin: float) -> Tensor:
    """Returns the mean hinge over every pair of rungs of a ladder, summed over views; 0 without ladders.

    A rung should score at least ``margin`` below the one before it, and at least twice that below the
    one before that.

    Args:
        opinions: [L * RUNGS, views], the rungs of a ladder one after the other, best first.
        margin: in units of the score.
    """
    if not len(opinions):
        return opinions.sum()
    ladders = opinions.view(-1, RUNGS, opinions.shape[1])
    pairs = [(a, b) for a in range(RUNGS) for b in range(a + 1, RUNGS)]
    hinges = [torch.relu(margin * (b - a) - (ladders[:, a] - ladders[:, b])) for a, b in pairs]
    return torch.stack(hinges).mean((0, 1)).sum()


def adamw(network: nn.Module, rate: float, decay: float) -> torch.optim.AdamW:
    """Returns AdamW with decoupled decay on weights but not on biases."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    biases = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate)


def rate_at(step: int, steps: int) -> float:
    """Returns the share of the peak learning rate: a linear rise for 5 % of the steps, then a half cosine."""
    warm_up = max(steps // 20, 1)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


@torch.no_grad()
def move_average(averaged: nn.Module, current: nn.Module, decay: float) -> None:
    """Moves the averaged weights by (1 - decay) towards the current ones."""
    current_values = current.state_dict().values()
    for average, value in zip(averaged.state_dict().values(), current_values, strict=True):
        # BatchNorm's counters are whole numbers, and frozen weights stay to the bit, negative zeros too.
        if average.is_floating_point() and not torch.equal(average, value):
            average.lerp_(value, 1 - decay)
