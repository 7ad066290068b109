"""A side head learns what it is given, ignores what has no weight, and is the same each time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.side_head import SideHeadSettings, answers, fit_side_head, standardised

SETTINGS = SideHeadSettings(hidden=8, epochs=40, batch=32, rate=0.02, dropout=0.0)


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((256, 6)).astype(np.float32)


def targets_of(rows: np.ndarray) -> np.ndarray:
    return np.stack([rows[:, 0] > 0, rows[:, 1] > 0.5], axis=1).astype(np.float32)


def test_standardised_moments_are_clipped_at_four_deviations() -> None:
    features = np.array([[3.0, 100.0], [-100.0, 0.0]], np.float32)
    mean, std = np.array([1.0, 0.0], np.float32), np.array([2.0, 5.0], np.float32)
    assert standardised(features, mean, std).tolist() == [[1.0, 4.0], [-4.0, 0.0]]
    assert standardised(features, mean, std).dtype == np.float32


def test_a_head_answers_each_question_for_itself(rows: np.ndarray) -> None:
    targets = targets_of(rows)
    state = fit_side_head(rows, targets, np.ones_like(targets), SETTINGS)
    assert {key: tuple(value.shape) for key, value in state.items()} == {
        "hidden.weight": (8, 6),
        "hidden.bias": (8,),
        "answer.weight": (2, 8),
        "answer.bias": (2,),
    }
    right = (answers(state, rows) >= 0.5) == (targets == 1)
    assert right.mean(axis=0).min() > 0.95


def test_answers_are_those_of_the_network_of_the_same_state() -> None:
    state = {
        "hidden.weight": torch.tensor([[1.0, 0.0], [0.0, -1.0]]),
        "hidden.bias": torch.tensor([0.5, 0.0]),
        "answer.weight": torch.tensor([[2.0, 3.0]]),
        "answer.bias": torch.tensor([-1.0]),
    }
    # hidden: relu(1 + 0.5), relu(-2); answer: 2 * 1.5 + 3 * 0 - 1
    assert answers(state, np.array([[1.0, 2.0]], np.float32))[0, 0] == pytest.approx(1 / (1 + np.exp(-2.0)))
    # hidden: relu(-2 + 0.5), relu(1); answer: 2 * 0 + 3 * 1 - 1
    assert answers(state, np.array([[-2.0, -1.0]], np.float32))[0, 0] == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_answers_without_weight_teach_nothing(rows: np.ndarray) -> None:
    targets = targets_of(rows)
    weights = np.ones_like(targets)
    weights[:128] = 0.0
    wrong = targets.copy()
    wrong[:128] = 1 - wrong[:128]
    one, other = (fit_side_head(rows, learned, weights, SETTINGS) for learned in (targets, wrong))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_heavier_answer_counts_for_more() -> None:
    rows = np.ones((8, 2), np.float32)
    targets = np.array([[1.0]] * 4 + [[0.0]] * 4, np.float32)
    weights = np.array([[9.0]] * 4 + [[1.0]] * 4, np.float32)
    state = fit_side_head(
        rows, targets, weights, SideHeadSettings(epochs=400, rate=0.02, dropout=0.0, decay=0.0)
    )
    assert answers(state, rows)[0, 0] == pytest.approx(0.9, abs=0.03)


def test_the_seed_and_nothing_else_decides(rows: np.ndarray) -> None:
    targets = targets_of(rows)
    weights = np.ones_like(targets)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = fit_side_head(rows, targets, weights, SideHeadSettings(epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    again = fit_side_head(rows, targets, weights, SideHeadSettings(epochs=1))
    other = fit_side_head(rows, targets, weights, SideHeadSettings(epochs=1, seed=1))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["hidden.weight"], other["hidden.weight"])
