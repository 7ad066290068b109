"""Views that score a photo and its mirror image more alike, in closed form."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from mobileiqa_export.student.moments import MomentViews

from .arrays import Features

_RIDGE = 1e-3
"""Added to the standardized features' variance: weights stay as they are where photos do not vary."""


def mirror_difference(head: MomentViews, plain: Features, mirrored: Features) -> float:
    """Returns by how much mirroring changes the score, as the mean absolute difference over photos."""
    with torch.inference_mode():
        plain_scores, mirrored_scores = (
            head(torch.from_numpy(features)).mean(1).numpy() for features in (plain, mirrored)
        )
    return float(np.abs(plain_scores - mirrored_scores).mean())


def symmetrized(head: MomentViews, plain: Features, mirrored: Features, strength: float) -> MomentViews:
    """Returns a head whose hidden layer ignores most of what mirroring changes.

    The features of a photo and of its mirror image are m + d and m - d, where d is noise to the score.
    Both should give W m. The best linear estimate of W m from either is W S (S + C)^-1 applied to it,
    with the covariances S of m and C of d: a Wiener filter. It needs features, but no opinions.

    Args:
        head: trained.
        plain: features [N, F] of photos; N must be larger than F.
        mirrored: features of their mirror images.
        strength: factor of C; 0 changes nothing, 1 is the best estimate.
    """
    first, second = ((torch.from_numpy(features) - head.mean) / head.std for features in (plain, mirrored))
    centre = (first + second).mean(0) / 2
    signal, noise = _covariance((first + second) / 2 - centre), _covariance((first - second) / 2)
    ridge = _RIDGE * torch.eye(len(signal), dtype=signal.dtype)
    # The transpose of the filter, since solve() divides from the left; both matrices are symmetric.
    filtered = torch.linalg.solve(signal + strength * noise + ridge, signal + ridge)
    result = copy.deepcopy(head).requires_grad_(False)
    weight = head.hidden.weight.detach().double()
    new_weight = weight @ filtered.T
    result.hidden.weight.copy_(new_weight)
    result.hidden.bias.add_((weight - new_weight) @ centre.double())
    return result.eval()


def _covariance(centred: Tensor) -> Tensor:
    return (centred.T @ centred / len(centred)).double()
