"""Training of the views on cached features, and the whole student put together."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from mobileiqa_export.student.moments import MomentViews

from .arrays import Features, Floats
from .backbone_weights import BACKBONE
from .features import SIDE
from .pairs import RUNGS
from .partition import Partition


@dataclass(frozen=True)
class Settings:
    """Everything that decides the trained head. The defaults made the one that fine-tuning began from.

    Attributes:
        hidden: units of each view.
        views: how many simulated opinions.
        validation: photos of the official training split that are held out to choose the epoch.
        epochs: passes over the rest; the learning rate falls to zero along a half cosine.
        batch: photos per step.
        rate: peak learning rate of AdamW.
        decay: its decoupled weight decay, on weights but not on biases.
        dropout: of the hidden units.
        noise: deviation of Gaussian noise on the standardized features.
        correlation: weight of the (1 - PLCC) term next to the squared error.
        average: per-step decay of the moving average of the weights that is kept.
        ranking: weight of the hinge between rungs of a ladder, see :func:`ladder_loss`.
        margin: how much lower, at least, the next rung should score.
        ladders: how many are seen in a step.
        bootstrap: each view learns from its own resample, with replacement, of the training photos.
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
        """The settings as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Trained:
    """The best head on the validation photos.

    Attributes:
        head: in eval mode.
        epoch: counted from 1, at which it was best.
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
    settings: Settings,
    report: Callable[[str], None] = print,
    start: MomentViews | None = None,
    ladders: Features | None = None,
) -> Trained:
    """Train the views and keep the moving average with the best validation SRCC.

    Args:
        features: moments of the training split's photos, [N, F].
        flipped: of the same photos mirrored left to right; each step draws one of the two per photo.
        mos: opinions [N] in 0..1.
        part: which rows learn and which choose the epoch.
        settings: see :class:`Settings`.
        report: told the validation figures every few epochs.
        start: head to go on from, standardization included; without it, fresh weights.
        ladders: moments of photos made worse, [L, RUNGS, F], best first; without them there is no ranking.
    """
    torch.manual_seed(settings.seed)
    rows, held_out = part.learn, part.validate
    sources = [features] if flipped is None else [features, flipped]
    inputs = torch.stack([torch.from_numpy(source[rows]) for source in sources])
    target = torch.from_numpy(mos[rows])
    head = _fresh_head(inputs[0], settings) if start is None else _further(start, settings)
    averaged = copy.deepcopy(head).requires_grad_(False).eval()
    inputs = (inputs - head.mean) / head.std
    rungs = None if ladders is None else (torch.from_numpy(ladders) - head.mean) / head.std
    held_inputs = torch.from_numpy(features[held_out])
    weights = bootstrap_weights(len(rows), settings.views, settings.seed, enabled=settings.bootstrap)
    optimizer = adamw(head, settings.rate, settings.decay)
    steps = settings.epochs * (len(rows) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))
    best: Trained | None = None
    standardized = _without_standardization(head)
    for epoch in range(1, settings.epochs + 1):
        order = torch.randperm(len(rows))
        for place in range(0, len(rows) - settings.batch + 1, settings.batch):
            chosen = order[place : place + settings.batch]
            source = torch.randint(len(inputs), (len(chosen),))
            batch = inputs[source, chosen]
            if settings.noise:
                batch = batch + settings.noise * torch.randn_like(batch)
            loss = view_loss(standardized(batch), target[chosen], weights[chosen], settings.correlation)
            if rungs is not None:
                drawn = rungs[torch.randint(len(rungs), (settings.ladders,))].flatten(0, 1)
                loss = loss + settings.ranking * ladder_loss(standardized(drawn), settings.margin)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            follow(averaged, head, settings.average)
        with torch.inference_mode():
            scores = averaged(held_inputs).mean(1).numpy()
        figures = srcc(scores, mos[held_out]), plcc(scores, mos[held_out])
        if best is None or figures[0] > best.srcc:
            best = Trained(copy.deepcopy(averaged), epoch, *figures)
        if epoch % 5 == 0 or epoch == settings.epochs:
            report(f"epoch {epoch:3}: validation SRCC {figures[0]:.4f}, PLCC {figures[1]:.4f}")
    if best is None:
        raise ValueError("epochs must be at least 1")
    return best


def assemble(
    head: MomentViews, weights: dict[str, Tensor], settings: Settings
) -> tuple[MomentStudent, StudentConfig]:
    """The whole student: frozen backbone and trained head, in eval mode."""
    config = StudentConfig(
        form="moments",
        backbone=BACKBONE,
        hidden=settings.hidden,
        views=settings.views,
        input_size=(SIDE, SIDE),
    )
    student = build_student(config)
    assert isinstance(student, MomentStudent)  # noqa: S101 - narrows the type; form is fixed above
    student.local_cnn.load_state_dict(weights)
    student.head.load_state_dict(head.state_dict())
    return student.eval(), config


def _fresh_head(features: Tensor, settings: Settings) -> MomentViews:
    head = MomentViews(features.shape[1], settings.hidden, settings.views)
    head.dropout.p = settings.dropout
    head.mean.copy_(features.mean(0))
    # Channels that ReLU keeps at zero have no deviation to divide by.
    head.std.copy_(features.std(0).clamp_min(1e-3))
    return head.train()


def _further(start: MomentViews, settings: Settings) -> MomentViews:
    head = copy.deepcopy(start).requires_grad_(True)
    head.dropout.p = settings.dropout
    return head.train()


def _without_standardization(head: MomentViews) -> Callable[[Tensor], Tensor]:
    """The head on features that are standardized already, once instead of in every epoch."""

    def opinions(standardized: Tensor) -> Tensor:
        hidden = head.dropout(torch.relu(head.hidden(standardized)))
        return torch.sigmoid(head.opinion(hidden.unsqueeze(-1)).squeeze(-1))

    return opinions


def bootstrap_weights(count: int, views: int, seed: int, *, enabled: bool = True) -> Tensor:
    """How often each photo is in each view's resample, [count, views]; all ones if not enabled.

    A lone view has nobody to differ from: it learns from every photo once.
    """
    if not enabled or views == 1:
        return torch.ones(count, views)
    rng = np.random.default_rng(seed + 1)
    drawn = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(views)]
    return torch.from_numpy(np.stack(drawn, axis=1).astype(np.float32))


def view_loss(opinions: Tensor, mos: Tensor, weights: Tensor, correlation: float) -> Tensor:
    """Squared error plus (1 - PLCC) of every view, over the batch weighted as the view's resample says.

    Views share no weights, so the sum trains each as if it were alone.
    """
    share = weights / weights.sum(0)
    wanted = mos.unsqueeze(1)
    squared = (share * (opinions - wanted) ** 2).sum(0)
    x = opinions - (share * opinions).sum(0)
    y = wanted - (share * wanted).sum(0)
    covariance = (share * x * y).sum(0)
    spread = torch.sqrt((share * x * x).sum(0) * (share * y * y).sum(0) + 1e-12)
    return (squared + correlation * (1 - covariance / spread)).sum()


def ladder_loss(opinions: Tensor, margin: float) -> Tensor:
    """Hinge on every pair of rungs of one ladder, summed over views: [L * 3, views] -> scalar.

    A rung should score at least ``margin`` below the one before it, and twice that below the one
    before that. 0 where there are no ladders.
    """
    if not len(opinions):
        return opinions.sum()
    ladders = opinions.view(-1, RUNGS, opinions.shape[1])
    pairs = [(a, b) for a in range(RUNGS) for b in range(a + 1, RUNGS)]
    hinges = [torch.relu(margin * (b - a) - (ladders[:, a] - ladders[:, b])) for a, b in pairs]
    return torch.stack(hinges).mean((0, 1)).sum()


def adamw(network: nn.Module, rate: float, decay: float) -> torch.optim.AdamW:
    """AdamW whose decay, decoupled, is on weights but not on biases."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate)


def rate_at(step: int, steps: int) -> float:
    """Share of the peak learning rate: a linear twentieth, then a half cosine to zero."""
    warm_up = max(steps // 20, 1)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


@torch.no_grad()
def follow(averaged: nn.Module, current: nn.Module, decay: float) -> None:
    """Move an average of weights by (1 - decay) towards the current ones."""
    states = (network.state_dict().values() for network in (averaged, current))
    for kept, value in zip(*states, strict=True):
        if kept.is_floating_point():  # BatchNorm's counters are not
            kept.lerp_(value, 1 - decay)
