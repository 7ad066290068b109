"""The closed-form head of a student on EfficientNet-Lite: opinions, and pictures that anchor the scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .anchors import NOTHING, Ladder
from .arrays import Features, Floats
from .closed_form import LinearHead, Normal, Standardiser


@dataclass(frozen=True)
class HeadWeights:
    """How much rows count beside a rated photo, which counts 1, and what they ask for.

    Attributes:
        strength: of the penalty on squared weights.
        ladder: of a photograph with a fault against the same one without.
        budget: of a photograph at one budget of pixels against the same one at another.
        nothing: of a picture that shows nothing.
        drop: how much lower a photo should score for each step of a fault.
        floor: the score that a picture of nothing should have.
    """

    strength: float = 6000.0
    ladder: float = 0.3
    budget: float = 10.0
    nothing: float = 10.0
    drop: float = 0.08
    floor: float = 0.1


def anchor_sums(
    ladders: Mapping[str, Ladder], standardiser: Standardiser, weights: HeadWeights
) -> Normal | None:
    """Returns the sums over ladders that stand beside those over rated photos; None without ladders."""
    if not ladders:
        return None
    width = len(standardiser.mean)
    faults, budgets, nothing = (
        [(np.zeros((0, width), np.float32), np.zeros(0, np.float32))] for _ in range(3)
    )
    for name, ladder in ladders.items():
        if name == NOTHING:
            rows = standardiser.apply(ladder.features)
            nothing.append((rows, np.full(len(rows), weights.floor, np.float32)))
            continue
        of_faults, of_budgets = difference_rows(ladder, standardiser, weights.drop)
        faults.append(of_faults)
        budgets.append(of_budgets)
    return (
        Normal.of(*_stacked(faults), weights.ladder, intercept=0)
        + Normal.of(*_stacked(budgets), weights.budget, intercept=0)
        + Normal.of(*_stacked(nothing), weights.nothing)
    )


def _stacked(parts: Sequence[tuple[Features, Floats]]) -> tuple[Features, Floats]:
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([targets for _, targets in parts])


def fit_head(
    features: Features, mos: Floats, ladders: Mapping[str, Ladder], weights: HeadWeights
) -> tuple[Standardiser, LinearHead]:
    """Returns the head of rated photos' moments [N, F] and MOS [N], and of ladders."""
    standardiser = Standardiser.of(features)
    rated = Normal.of(standardiser.apply(features), mos)
    anchors = anchor_sums(ladders, standardiser, weights)
    total = rated if anchors is None else rated + anchors
    return standardiser, total.solve(weights.strength)


def difference_rows(
    ladder: Ladder, standardiser: Standardiser, drop: float
) -> tuple[tuple[Features, Floats], tuple[Features, Floats]]:
    """Returns rows [N, F] and targets [N] of faults, and of budgets: what a photograph has more than another.

    A fault's rows are the photograph minus the same one with the fault, at the same budget; the targets grow
    with the step. A budget's rows are the photograph at that budget minus the one at the first; the targets
    are 0.
    """
    rows = standardiser.apply(ladder.features)
    own = {budget: standardiser.apply(ladder.clean(budget)[None])[0] for budget in np.unique(ladder.budgets)}
    faulty = np.array([bool(fault) for fault in ladder.faults])
    better = np.array([own[budget] for budget in ladder.budgets[faulty]]).reshape(-1, rows.shape[1])
    others = np.array([own[budget] for budget in own if budget != min(own)]).reshape(-1, rows.shape[1])
    faults = better - rows[faulty], (drop * ladder.steps[faulty]).astype(np.float32)
    return faults, (others - own[min(own)], np.zeros(len(others), np.float32))
