"""Pieces of large photographs at two budgets of pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.scenes import scene
from mobileiqa_sdk.resample import resize
from training.budgets import SHRUNK, SIDE, BudgetPairs, read_large


def test_a_piece_is_shrunk_as_the_smaller_budget_shrinks_the_photograph() -> None:
    photo = scene(3, SIDE + 40, SIDE + 70)
    pairs = BudgetPairs([photo])
    larger, smaller = pairs.draw(np.random.default_rng(1))
    assert larger.shape == (SIDE, SIDE, 3)
    assert smaller.shape == (SHRUNK, SHRUNK, 3) == (192, 192, 3)
    np.testing.assert_array_equal(smaller, resize(Image.fromarray(larger), SHRUNK, SHRUNK))
    again, _ = pairs.draw(np.random.default_rng(1))
    np.testing.assert_array_equal(again, larger)
    tops = {pairs.draw(np.random.default_rng(seed))[0].tobytes() for seed in range(6)}
    assert len(tops) == 6


def test_a_photograph_of_the_smallest_size_is_one_piece() -> None:
    photo = scene(3, SIDE, SIDE)
    np.testing.assert_array_equal(BudgetPairs([photo]).draw(np.random.default_rng(0))[0], photo)


def test_small_photographs_are_left_out(tmp_path: Path) -> None:
    for name, (height, width) in {"a.png": (SIDE, SIDE), "b.png": (SIDE - 1, SIDE + 200)}.items():
        Image.fromarray(scene(1, height, width)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photograph")
    (photo,) = read_large([tmp_path]).photographs
    assert photo.shape == (SIDE, SIDE, 3)
