"""Views that answer a photo and its mirror image more alike, in closed form."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from mobileiqa_export.student.moments import MomentViews

from .arrays import Features

_RIDGE = 1e-3
"""Of the standardized features' variance: where photos say nothing, weights stay as they are."""


def mirror_difference(head: MomentViews, plain: Features, mirrored: Features) -> float:
    """Mean absolute difference that mirroring makes to the score."""
    with torch.inference_mode():
        plain_scores, mirrored_scores = (
            head(torch.from_numpy(features)).mean(1).numpy() for features in (plain, mirrored)
        )
    return float(np.abs(plain_scores - mirrored_scores).mean())


def symmetrized(head: MomentViews, plain: Features, mirrored: Features, strength: float) -> MomentViews:
    """The head with its hidden layer turned away from what mirroring changes.

    The features of a photo and of its mirror image are a mean m plus and minus a difference d, which
    is noise to the score. Of W m, which both should give, W S (S + C)^-1 is the best linear estimate
    from either, with the covariance S of m and C of d: a Wiener filter. It only takes features, no
    opinions.

    Args:
        head: trained.
        plain: features [N, F] of photos; more photos than features are needed.
        mirrored: of their mirror images.
        strength: how many times C counts; 0 changes nothing, 1 is the best estimate.
    """
    first, second = ((torch.from_numpy(features) - head.mean) / head.std for features in (plain, mirrored))
    centre = (first + second).mean(0) / 2
    signal, noise = _covariance((first + second) / 2 - centre), _covariance((first - second) / 2)
    ridge = _RIDGE * torch.eye(len(signal), dtype=signal.dtype)
    # Transposed, since solve() divides from the left: both matrices are symmetric.
    filtered = torch.linalg.solve(signal + strength * noise + ridge, signal + ridge)
    found = copy.deepcopy(head).requires_grad_(False)
    weight = head.hidden.weight.detach().double()
    changed = weight @ filtered.T
    found.hidden.weight.copy_(changed)
    found.hidden.bias.add_((weight - changed) @ centre.double())
    return found.eval()


def _covariance(centred: Tensor) -> Tensor:
    return (centred.T @ centred / len(centred)).double()
