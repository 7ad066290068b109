from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.biq2021 import Photo
from training.evaluate import evaluate
from training.metrics import agreement, krcc, plcc, rmse, srcc
from training.train import Settings, split, train_head

TINY = Settings(
    hidden=8, views=3, validation=40, epochs=20, batch=16, rate=2e-2, dropout=0.0, noise=0.0, average=0.9
)


def toy(count: int = 200, width: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, width)).astype(np.float32)
    mos = 1 / (1 + np.exp(-features[:, 0] + features[:, 1]))
    return features, mos.astype(np.float32)


def test_the_split_is_fixed_and_disjoint() -> None:
    rows, held_out = split(200, TINY)
    assert (len(rows), len(held_out)) == (160, 40)
    assert not set(rows) & set(held_out)
    np.testing.assert_array_equal(split(200, TINY)[1], held_out)
    assert set(split(200, Settings(validation=40, seed=5))[1]) != set(held_out)


def test_training_learns_and_repeats() -> None:
    features, mos = toy()
    first = train_head(features, features.copy(), mos, TINY, lambda _: None)
    again = train_head(features, features.copy(), mos, TINY, lambda _: None)
    assert first.srcc > 0.9
    assert again.srcc == pytest.approx(first.srcc, abs=1e-6)
    assert not first.head.training


def test_views_see_different_photos() -> None:
    features, mos = toy()
    head = train_head(features, None, mos, TINY, lambda _: None).head
    with torch.inference_mode():
        opinions = head(torch.from_numpy(features)).numpy()
    assert opinions.shape == (200, 3)
    assert ((opinions > 0) & (opinions < 1)).all()
    assert opinions.std(axis=1).mean() > 1e-3


def test_a_dead_feature_does_no_harm() -> None:
    features, mos = toy()
    features[:, 5] = 0
    assert train_head(features, None, mos, TINY, lambda _: None).srcc > 0.9


def test_metrics_on_known_ranks() -> None:
    scores, mos = np.array([0.1, 0.2, 0.4, 0.3]), np.array([1.0, 2.0, 3.0, 4.0]) / 10
    assert srcc(scores, mos) == pytest.approx(0.8)
    assert krcc(scores, mos) == pytest.approx(2 / 3)
    assert plcc(scores, mos) == pytest.approx(0.8)
    assert rmse(scores, mos) == pytest.approx(np.sqrt(0.02 / 4))


def test_intervals_hold_the_value() -> None:
    rng = np.random.default_rng(1)
    mos = rng.random(300)
    result = agreement(mos + rng.normal(0, 0.1, 300), mos, resamples=200)
    for figure in (result.srcc, result.plcc, result.krcc, result.rmse):
        assert figure.low < figure.value < figure.high
    assert "SRCC" in result.table()
    assert result.to_dict()["photos"] == 300


def test_evaluation_splits_by_subset() -> None:
    rng = np.random.default_rng(2)
    photos = [Photo(Path(f"ss0{1 + i % 2} ({i}).jpg"), float(rng.random())) for i in range(60)]
    mos = np.array([photo.mos for photo in photos], np.float32)
    result = evaluate(np.stack([mos, mos**2], axis=1), photos, resamples=20)
    assert set(result.subsets) == {"ss01", "ss02"}
    assert result.agreement.srcc.value == pytest.approx(1)
    assert len(result.views) == 2
