"""Fits a small head that answers another question than the score, on the student's moments.

Its form is that of ``SideHead``: standardised and clipped moments, a hidden layer, a sigmoid an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mobileiqa_export.student.moments import CLIP

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
        network = _network(rows.shape[1], settings.hidden, targets.shape[1], settings.dropout)
        steps = settings.epochs * -(-len(rows) // settings.batch)
        optimiser = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=settings.decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        given, wished, worth = (
            torch.from_numpy(np.asarray(part, np.float32)) for part in (rows, targets, weights)
        )
        for _ in range(settings.epochs):
            order = torch.randperm(len(given))
            for start in range(0, len(given), settings.batch):
                batch = order[start : start + settings.batch]
                losses = binary_cross_entropy_with_logits(
                    network(given[batch]), wished[batch], reduction="none"
                )
                loss = (losses * worth[batch]).sum() / worth[batch].sum().clamp_min(1e-6)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # PyTorch has no types for it
                optimiser.step()
                schedule.step()
    state = network.state_dict()
    return {
        "hidden.weight": state["1.weight"],
        "hidden.bias": state["1.bias"],
        "answer.weight": state["3.weight"],
        "answer.bias": state["3.bias"],
    }


@torch.inference_mode()
def answers(state: dict[str, Tensor], rows: Features) -> Floats:
    """Returns what a head of this state answers to standardised moments [N, F], as [N, answers] in 0..1."""
    hidden = torch.relu(torch.from_numpy(rows) @ state["hidden.weight"].T + state["hidden.bias"])
    values: Floats = torch.sigmoid(hidden @ state["answer.weight"].T + state["answer.bias"]).numpy()
    return values


def _network(features: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    )
