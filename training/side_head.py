"""Fits a small head that answers another question than the score, on the student's moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, dropout

from mobileiqa_export.student.moments import CLIP, SideHead

from .arrays import Features, Floats


@dataclass(frozen=True)
class SideHeadSettings:
    """How a side head is fitted.

    Attributes:
        hidden: units of the hidden layer.
        epochs: times that every row is learned from.
        batch: rows of a step.
        rate: of Adam at the first step; it falls to 0 along half a cosine.
        decay: of the weights, decoupled.
        dropout: share of the moments that are left out of a step, at random.
        seed: of the first weights and of the order of rows.
    """

    hidden: int = 16
    epochs: int = 20
    batch: int = 256
    rate: float = 1e-3
    decay: float = 1e-2
    dropout: float = 0.2
    seed: int = 0


def standardised(features: Features, mean: Floats, std: Floats) -> Features:
    """Returns moments [N, F] in deviations from the mean, clipped as the student's heads clip them."""
    values: Features = np.clip((features - mean) / std, -CLIP, CLIP).astype(np.float32)
    return values


def fit_side_head(
    rows: Features, targets: Floats, weights: Floats, settings: SideHeadSettings
) -> dict[str, Tensor]:
    """Returns the state of the head with the least weighted cross entropy.

    Args:
        rows: standardised moments, [N, F].
        targets: answers in 0..1, [N, answers].
        weights: of each answer, [N, answers]; 0 where it is not known.
        settings: how it is fitted. The same settings and rows give the same state.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        head = SideHead(rows.shape[1], settings.hidden, targets.shape[1])
        steps = settings.epochs * -(-len(rows) // settings.batch)
        optimiser = torch.optim.AdamW(head.parameters(), settings.rate, weight_decay=settings.decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        given, wished, worth = (
            torch.from_numpy(np.asarray(part, np.float32)) for part in (rows, targets, weights)
        )
        for _ in range(settings.epochs):
            order = torch.randperm(len(given))
            for start in range(0, len(given), settings.batch):
                batch = order[start : start + settings.batch]
                logits = head.logits(dropout(given[batch], settings.dropout))
                losses = binary_cross_entropy_with_logits(logits, wished[batch], reduction="none")
                loss = (losses * worth[batch]).sum() / worth[batch].sum().clamp_min(1e-6)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # PyTorch has no types for it
                optimiser.step()
                schedule.step()
    return dict(head.state_dict())


@torch.inference_mode()
def answers(state: dict[str, Tensor], rows: Features) -> Floats:
    """Returns what a head of this state answers to standardised moments [N, F], as [N, answers] in 0..1."""
    outputs, hidden = state["answer.weight"].shape
    head = SideHead(rows.shape[1], hidden, outputs)
    head.load_state_dict(state)
    values: Floats = head(torch.from_numpy(rows)).numpy()
    return values
