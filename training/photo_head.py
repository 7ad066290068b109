"""The head ``photo``: 1 for a photograph, 0 for any other picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from .arrays import Features, Floats
from .side_head import SideHeadSettings, answers, fit_side_head, standardised

PHOTOGRAPHS_SHARE = 0.4
"""Of the weight of all rows, for photographs, however many there are."""

SETTINGS: dict[str, Any] = {"epochs": 20, "dropout": 0.7, "decay": 3.0}
"""Held far from the pictures it is fitted to, since most kinds of pictures are not among them."""


def fit_photo_head(
    photographs: Features, others: Features, mean: Floats, std: Floats, settings: SideHeadSettings
) -> dict[str, Tensor]:
    """Returns the state of the head that was fitted to photographs and to other pictures.

    Args:
        photographs: their moments, [N, F].
        others: moments of pictures that are not photographs, [M, F].
        mean: of the student's own head, [F].
        std: likewise.
        settings: how the head is fitted.
    """
    rows = np.concatenate([standardised(photographs, mean, std), standardised(others, mean, std)])
    targets = np.repeat(np.array([1.0, 0.0], np.float32), [len(photographs), len(others)])[:, np.newaxis]
    shares = np.array([PHOTOGRAPHS_SHARE / len(photographs), (1 - PHOTOGRAPHS_SHARE) / len(others)])
    weights = np.repeat(shares * len(rows), [len(photographs), len(others)])[:, np.newaxis]
    return fit_side_head(rows, targets, weights.astype(np.float32), settings)


def photo_answers(state: dict[str, Tensor], moments: Features, mean: Floats, std: Floats) -> Floats:
    """Returns how much each picture is a photograph, [N] in 0..1, from moments [N, F]."""
    values: Floats = answers(state, standardised(moments, mean, std))[:, 0]
    return values
