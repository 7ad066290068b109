from __future__ import annotations

import numpy as np
import pytest

from mobileiqa_export.student.moments import CLIP
from training.closed_form import Normal, Standardiser, leave_one_out


def made(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of five numbers, and targets that are linear in them."""
    rows = np.random.default_rng(seed).standard_normal((count, 5)).astype(np.float32)
    targets = rows @ np.array([0.1, -0.2, 0, 0.3, 0], np.float32) + np.float32(0.5)
    return rows, targets.astype(np.float32)


def test_standardised_moments_are_clipped_and_constant_ones_stay_zero() -> None:
    features = np.array([[0, 7], [2, 7], [4, 7]], np.float32)
    standardiser = Standardiser.of(features)
    np.testing.assert_allclose(standardiser.apply(features)[:, 0], np.array([-1, 0, 1]) * 1.5**0.5, rtol=1e-6)
    np.testing.assert_array_equal(standardiser.apply(features)[:, 1], 0)
    assert standardiser.apply(np.array([[1e6, 7]], np.float32))[0, 0] == CLIP


def test_a_weak_penalty_recovers_a_linear_target_and_leaves_the_intercept_free() -> None:
    rows, targets = made(200, 0)
    head = Normal.of(rows, targets).solve(1e-6)
    np.testing.assert_allclose(head.weight, [0.1, -0.2, 0, 0.3, 0], atol=1e-5)
    assert head.bias == pytest.approx(0.5, abs=1e-5)
    shrunk = Normal.of(rows - rows.mean(0), targets).solve(1e9)
    assert abs(shrunk.weight).max() < 1e-4
    assert shrunk.bias == pytest.approx(targets.mean(), abs=1e-4)


def test_sums_add_up_and_weights_count_rows() -> None:
    rows, targets = made(20, 0)
    whole = Normal.of(rows, targets)
    halves = Normal.of(rows[:5], targets[:5]) + Normal.of(rows[5:], targets[5:])
    np.testing.assert_allclose(halves.gram, whole.gram, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(halves.product, whole.product, rtol=1e-5, atol=1e-5)
    twice = Normal.of(rows, targets, 2.0)
    np.testing.assert_allclose(twice.gram, whole.gram + whole.gram)
    np.testing.assert_allclose(twice.product, whole.product + whole.product)


def test_differences_have_no_intercept() -> None:
    rows, targets = made(20, 0)
    differences = Normal.of(rows, targets, intercept=0)
    assert differences.gram[-1, -1] == 0
    assert differences.product[-1] == 0


def test_a_part_is_ranked_by_a_head_that_did_not_see_it() -> None:
    good, bad = made(50, 0), made(50, 1)
    bad = bad[0], -bad[1]
    groups = {"good": good, "bad": bad}
    parts = {name: Normal.of(*group) for name, group in groups.items()}
    table = leave_one_out(parts, groups, [1e-3])
    assert table[1e-3]["good"] == pytest.approx(-1, abs=0.01)
    assert table[1e-3]["bad"] == pytest.approx(-1, abs=0.01)
    helped = leave_one_out(parts, groups, [1e-3], Normal.of(*good, weight=100.0))
    assert helped[1e-3]["good"] == pytest.approx(1, abs=0.01)
