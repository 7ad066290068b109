from __future__ import annotations

import numpy as np
import pytest
import torch

from mobileiqa_export.student.moments import MomentViews
from training.symmetry import mirror_difference, symmetrized

PHOTOS, FEATURES = 400, 20


@pytest.fixture
def head() -> MomentViews:
    torch.manual_seed(0)
    head = MomentViews(FEATURES, 8, 3).eval()
    head.mean.fill_(0.5)
    head.std.fill_(2.0)
    return head.requires_grad_(False)


@pytest.fixture
def both() -> tuple[np.ndarray, np.ndarray]:
    """Features of photos and mirror images that differ in the first five features alone."""
    rng = np.random.default_rng(0)
    middle = rng.normal(size=(PHOTOS, FEATURES)).astype(np.float32) * 2 + 3
    difference = np.zeros_like(middle)
    difference[:, :5] = rng.normal(size=(PHOTOS, 5)) * 2
    return middle + difference, middle - difference


def scores(head: MomentViews, features: np.ndarray) -> np.ndarray:
    return head(torch.from_numpy(features)).mean(1).numpy()


def test_mirroring_moves_the_score_less(head: MomentViews, both: tuple[np.ndarray, np.ndarray]) -> None:
    before = mirror_difference(head, *both)
    halved, gone = (mirror_difference(symmetrized(head, *both, s), *both) for s in (1, 1e6))
    assert gone < 0.01 * before < halved < 0.75 * before


def test_the_mean_photo_keeps_its_answer(head: MomentViews, both: tuple[np.ndarray, np.ndarray]) -> None:
    mean = (both[0] + both[1]).mean(0, keepdims=True) / 2
    np.testing.assert_allclose(scores(symmetrized(head, *both, 5.0), mean), scores(head, mean), atol=1e-5)


def test_it_is_the_best_linear_estimate(head: MomentViews, both: tuple[np.ndarray, np.ndarray]) -> None:
    """Of the hidden layer's answer to the mean of both, as least squares over photos finds it."""
    stacked = (np.concatenate(both) - 0.5) / 2
    middle = (np.tile((both[0] + both[1]) / 2, (2, 1)) - 0.5) / 2
    expected = middle @ head.hidden.weight.numpy().T + head.hidden.bias.numpy()
    design = np.concatenate([stacked, np.ones((len(stacked), 1))], axis=1)
    solution = np.linalg.lstsq(design, expected, rcond=None)[0]
    hidden = symmetrized(head, *both, 1.0).hidden
    np.testing.assert_allclose(hidden.weight.numpy(), solution[:-1].T, atol=5e-3)
    np.testing.assert_allclose(hidden.bias.numpy(), solution[-1], atol=1e-2)


def test_no_strength_and_no_difference_change_nothing(
    head: MomentViews, both: tuple[np.ndarray, np.ndarray]
) -> None:
    expected = scores(head, both[0])
    np.testing.assert_allclose(scores(symmetrized(head, *both, 0.0), both[0]), expected, atol=1e-5)
    alike = symmetrized(head, both[0], both[0].copy(), 3.0)
    np.testing.assert_allclose(scores(alike, both[0]), expected, atol=1e-5)
    assert not alike.training
