from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from training.evaluate import evaluate
from training.head import Settings, bootstrap_weights, ladder_loss, train_head
from training.pairs import RUNGS
from training.partition import Partition

TINY = Settings(
    hidden=8, views=3, validation=40, epochs=20, batch=16, rate=2e-2, dropout=0.0, noise=0.0, average=0.9
)


def toy(count: int = 200, width: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, width)).astype(np.float32)
    mos = 1 / (1 + np.exp(-features[:, 0] + features[:, 1]))
    return features, mos.astype(np.float32)


PART = Partition(np.arange(160), np.arange(160, 200), np.zeros(0, bool))


def test_training_learns_and_repeats() -> None:
    features, mos = toy()
    first = train_head(features, features.copy(), mos, PART, TINY, lambda _: None)
    again = train_head(features, features.copy(), mos, PART, TINY, lambda _: None)
    assert first.srcc > 0.9
    assert again.srcc == pytest.approx(first.srcc, abs=1e-6)
    assert not first.head.training


def test_views_see_different_photos() -> None:
    features, mos = toy()
    head = train_head(features, None, mos, PART, TINY, lambda _: None).head
    with torch.inference_mode():
        opinions = head(torch.from_numpy(features)).numpy()
    assert opinions.shape == (200, 3)
    assert ((opinions > 0) & (opinions < 1)).all()
    assert opinions.std(axis=1).mean() > 1e-3


def test_a_dead_feature_does_no_harm() -> None:
    features, mos = toy()
    features[:, 5] = 0
    assert train_head(features, None, mos, PART, TINY, lambda _: None).srcc > 0.9


def test_ladders_are_put_in_order() -> None:
    """A feature that no opinion depends on falls along them."""
    features, mos = toy()
    rng = np.random.default_rng(1)
    ladders = rng.normal(size=(50, 1, 12)).astype(np.float32).repeat(RUNGS, axis=1)
    ladders[:, :, 7] = [2, 0, -2]

    def in_order(settings: Settings) -> float:
        head = train_head(features, None, mos, PART, settings, lambda _: None, ladders=ladders).head
        with torch.inference_mode():
            scores = head(torch.from_numpy(ladders).flatten(0, 1)).mean(1).view(50, RUNGS).numpy()
        return float((np.diff(scores, axis=1) < 0).mean())

    assert in_order(replace(TINY, ranking=1.0, margin=0.03, ladders=20)) > 0.95
    assert in_order(replace(TINY, ranking=0.0)) < 0.8


def test_ladder_loss_wants_each_rung_below_the_one_before() -> None:
    falling = torch.tensor([[0.9], [0.6], [0.3]])
    assert ladder_loss(falling, 0.1).item() == 0
    assert ladder_loss(falling.flip(0), 0.1).item() == pytest.approx((0.4 + 0.4 + 0.8) / 3)
    assert ladder_loss(falling[:0], 0.1).item() == 0


def test_evaluation_splits_by_subset_and_kinship() -> None:
    rng = np.random.default_rng(2)
    photos = [
        RatedPhoto(Path(f"ss0{1 + i % 2} ({i}).jpg"), float(rng.random()), f"ss0{1 + i % 2}")
        for i in range(60)
    ]
    mos = np.array([photo.mos for photo in photos], np.float32)
    twins = np.arange(60) < 20
    result = evaluate(np.stack([mos, mos**2], axis=1), photos, twins, resamples=20)
    assert (result.agreement.photos, result.untwinned.photos) == (60, 40)
    assert set(result.subsets) == {"ss01", "ss02"}
    assert result.agreement.srcc.value == pytest.approx(1)
    assert len(result.views) == 2


def test_a_lone_view_learns_from_every_photo() -> None:
    assert torch.equal(bootstrap_weights(50, 1, 0), torch.ones(50, 1))
    drawn = bootstrap_weights(50, 2, 0)
    assert drawn.sum(0).tolist() == [50, 50]
    assert (drawn == 0).any()
    assert torch.equal(bootstrap_weights(50, 2, 0, enabled=False), torch.ones(50, 2))
