"""The anchor: what raises large photos and lowers pictures of nothing and the worst faults.

It is fitted to the moments of a finished student, whose scores it corrects where no opinions reach. Photos of
ordinary size are kept exactly as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import dropout

from mobileiqa_export.student.moments import Anchor

from .anchors import NOTHING, Ladder
from .arrays import Features, Floats

Logits = Callable[[Features], Floats]
"""Gives the logits of every view, [N, views], for moments [N, F]."""

WORST = {("JPEG", 3), ("gaussian blur", 3)}
"""Faults and steps at full size that make any photograph a poor one."""
POOR = 0.36
"""Score of the worst faults, inside the band ``poor``."""
EMPTY = 0.25
"""Score of pictures that show nothing, at most."""
HALVINGS = 40
"""Steps of the search for an amount, which is exact to 1e-10 after them."""
LARGEST_AMOUNT = 12.0
"""In logits: it takes a score of 1e-5 to 0.6."""


@dataclass(frozen=True)
class AnchorSettings:
    """How the anchor is fitted.

    Attributes:
        hidden: units of the hidden layer.
        epochs: times that every kept row is learned from.
        batch: kept rows of a step; a quarter as many moved ones join them.
        rate: of AdamW at the first step; it falls to 0 along half a cosine.
        decay: of the weights, decoupled.
        dropout: share of the moments that are left out of a step, at random.
        margin: how far below 0 an amount should be where nothing is to be moved.
        kept: weight of the rows that are kept, relative to those that are moved.
        seed: of the first weights and of the order of rows.
    """

    hidden: int = 8
    epochs: int = 40
    batch: int = 256
    rate: float = 1e-3
    decay: float = 0.1
    dropout: float = 0.2
    margin: float = 1.0
    kept: float = 4.0
    seed: int = 0


@dataclass(frozen=True)
class MovedRows:
    """Pictures whose score is to change.

    Attributes:
        moments: [M, F], as the backbone gives them.
        amounts: how far to raise and how far to lower the logits of the views, [M, 2]; none is negative.
    """

    moments: Features
    amounts: Floats


def split(ladders: Iterable[Ladder], logits: Logits) -> tuple[MovedRows, Features]:
    """Returns the pictures of ladders that are to be moved, and the moments of those that stay, [N, F].

    A large photograph at its larger budget goes to its score at the smaller one, and all its faults go as far
    as it does. The worst faults go down to :data:`POOR` at both budgets, and nothing to :data:`EMPTY`.
    """
    moved, shifts, kept = [], [], []
    for ladder in ladders:
        shift = _shifts(ladder, logits(ladder.features))
        is_moved = shift != 0
        moved.append(ladder.features[is_moved])
        shifts.append(shift[is_moved])
        if NOTHING not in ladder.faults:
            kept.append(ladder.features[~is_moved])
    shift = np.concatenate(shifts)
    amounts = np.stack([np.maximum(shift, 0), np.maximum(-shift, 0)], 1).astype(np.float32)
    return MovedRows(np.concatenate(moved), amounts), np.concatenate(kept)


def _shifts(ladder: Ladder, logits: Floats) -> Floats:
    """Returns what is to be added to the logits of each picture, [pictures]."""
    if NOTHING in ladder.faults:
        return np.minimum(shift_to(logits, EMPTY), 0)
    large = ladder.budgets > ladder.budgets.min()
    own = np.array([fault == "" for fault in ladder.faults])
    shift = np.zeros(len(logits), np.float32)
    if not large.any():
        return shift
    small = float(_scores(logits[own & ~large])[0])
    shift[large] = shift_to(logits[own & large], small)[0]
    worst = np.array([(f, int(s)) in WORST for f, s in zip(ladder.faults, ladder.steps, strict=True)])
    shift[worst] = np.minimum(shift[worst], shift_to(logits[worst], POOR))
    return shift


def shift_to(logits: Floats, score: float) -> Floats:
    """Returns what to add to the logits [N, views] of each picture for this mean of its opinions, [N]."""
    low, high = np.full(len(logits), -LARGEST_AMOUNT), np.full(len(logits), LARGEST_AMOUNT)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = _scores(logits + middle[:, np.newaxis]) < score
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    shifts: Floats = ((low + high) / 2).astype(np.float32)
    return shifts


def _scores(logits: Floats) -> Floats:
    scores: Floats = (1 / (1 + np.exp(-np.asarray(logits, np.float64)))).mean(1)
    return scores


def fit_anchor(
    kept: Features, moved: Features, amounts: Floats, settings: AnchorSettings
) -> dict[str, Tensor]:
    """Returns the state of an :class:`Anchor` that moves what it should and keeps the rest.

    Args:
        kept: standardised and clipped moments of pictures that stay, [N, F].
        moved: likewise of pictures that are moved, [M, F].
        amounts: how far, [M, 2]; see :class:`MovedRows`.
        settings: how it is fitted. The same settings and rows give the same state.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        anchor = Anchor(kept.shape[1], settings.hidden)
        stays, goes, wished = (
            torch.from_numpy(np.asarray(part, np.float32)) for part in (kept, moved, amounts)
        )
        nothing = torch.zeros(1, 2)
        steps = settings.epochs * -(-len(stays) // settings.batch)
        optimiser = torch.optim.AdamW(anchor.parameters(), settings.rate, weight_decay=settings.decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(settings.epochs):
            order = torch.randperm(len(stays))
            for start in range(0, len(stays), settings.batch):
                rows = stays[order[start : start + settings.batch]]
                some = torch.randint(len(goes), (settings.batch // 4,))
                still = _loss(anchor.unlimited(dropout(rows, settings.dropout)), nothing, settings.margin)
                gone = anchor.unlimited(dropout(goes[some], settings.dropout))
                loss = settings.kept * still + _loss(gone, wished[some], settings.margin)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # PyTorch has no types for it
                optimiser.step()
                schedule.step()
    return dict(anchor.state_dict())


def _loss(amounts: Tensor, wished: Tensor, margin: float) -> Tensor:
    """Squared error where there is an amount; where there is none, all that is above ``-margin``."""
    errors = torch.where(wished > 0, amounts - wished, torch.relu(amounts + margin))
    return errors.square().mean()


@torch.inference_mode()
def shifts_of(state: dict[str, Tensor], rows: Features) -> Floats:
    """Returns what an anchor of this state adds to the logits, [N], for standardised moments [N, F]."""
    hidden, features = state["hidden.weight"].shape
    anchor = Anchor(features, hidden)
    anchor.load_state_dict(state)
    shifts: Floats = anchor(torch.from_numpy(rows))[:, 0].numpy()
    return shifts
