from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from training.evaluation import evaluate
from training.head import (
    HeadSettings,
    adamw,
    bootstrap_weights,
    ladder_loss,
    move_average,
    rate_at,
    train_head,
    view_loss,
)
from training.ladders import RUNGS
from training.partition import Partition

TINY = HeadSettings(
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
    first = train_head(features, features.copy(), mos, PART, TINY)
    again = train_head(features, features.copy(), mos, PART, TINY)
    assert first.srcc > 0.9
    assert again.srcc == pytest.approx(first.srcc, abs=1e-6)
    assert not first.head.training


def test_views_see_different_photos() -> None:
    features, mos = toy()
    head = train_head(features, None, mos, PART, TINY).head
    with torch.inference_mode():
        opinions = head(torch.from_numpy(features)).numpy()
    assert opinions.shape == (200, 3)
    assert ((opinions > 0) & (opinions < 1)).all()
    assert opinions.std(axis=1).mean() > 1e-3


def test_a_dead_feature_does_no_harm() -> None:
    features, mos = toy()
    features[:, 5] = 0
    assert train_head(features, None, mos, PART, TINY).srcc > 0.9


def test_ladders_are_put_in_order() -> None:
    """Along a ladder a feature falls on which no opinion depends."""
    features, mos = toy()
    rng = np.random.default_rng(1)
    ladders = rng.normal(size=(50, 1, 12)).astype(np.float32).repeat(RUNGS, axis=1)
    ladders[:, :, 7] = [2, 0, -2]

    def in_order(settings: HeadSettings) -> float:
        head = train_head(features, None, mos, PART, settings, ladders=ladders).head
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


def test_evaluation_splits_by_subset_and_near_duplicates() -> None:
    rng = np.random.default_rng(2)
    photos = [
        RatedPhoto(Path(f"ss0{1 + i % 2} ({i}).jpg"), float(rng.random()), f"ss0{1 + i % 2}")
        for i in range(60)
    ]
    mos = np.array([photo.mos for photo in photos], np.float32)
    near_duplicates = np.arange(60) < 20
    result = evaluate(np.stack([mos, mos**2], axis=1), photos, near_duplicates, resamples=20)
    assert (result.agreement.photos, result.without_near_duplicates.photos) == (60, 40)
    assert set(result.subsets) == {"ss01", "ss02"}
    assert result.agreement.srcc.value == pytest.approx(1)
    assert len(result.views) == 2
    # Two views, one of which is right: the error is half their distance.
    assert result.spread == pytest.approx(1, abs=0.01)


def test_a_lone_view_learns_from_every_photo() -> None:
    assert torch.equal(bootstrap_weights(50, 1, 0), torch.ones(50, 1))
    drawn = bootstrap_weights(50, 2, 0)
    assert drawn.sum(0).tolist() == [50, 50]
    assert (drawn == 0).any()
    assert torch.equal(bootstrap_weights(50, 2, 0, enabled=False), torch.ones(50, 2))


def test_weights_decay_and_biases_do_not() -> None:
    network = torch.nn.Sequential(torch.nn.Conv1d(2, 2, 1), torch.nn.Linear(3, 1))
    optimizer = adamw(network, rate=0.5, decay=0.1)
    decay_of = {
        id(parameter): group["weight_decay"]
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    for name, parameter in network.named_parameters():
        assert decay_of[id(parameter)] == (0.1 if name.endswith("weight") else 0.0), name
    assert {group["lr"] for group in optimizer.param_groups} == {0.5}


def test_the_rate_rises_for_a_twentieth_and_falls_to_zero() -> None:
    shares = [rate_at(step, 100) for step in range(101)]
    assert shares[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert shares[5] == 1.0
    assert shares[52] == pytest.approx(0.5, abs=0.02)
    assert shares[100] == pytest.approx(0, abs=1e-12)
    assert shares[5:] == sorted(shares[5:], reverse=True)


def test_the_loss_of_a_view_counts_its_resample_alone() -> None:
    """A view's loss is that of the photos in its resample, each as often as it was drawn."""
    generator = torch.Generator().manual_seed(0)
    opinions, mos = torch.rand(6, 1, generator=generator), torch.rand(6, generator=generator)
    rows = [0, 0, 2, 3, 3, 3]
    counts = torch.tensor([2.0, 0, 1, 3, 0, 0]).unsqueeze(1)
    x, y = opinions[rows, 0], mos[rows]
    plcc = np.corrcoef(x.numpy(), y.numpy())[0, 1]
    expected = ((x - y) ** 2).mean().item() + 0.3 * (1 - plcc)
    assert view_loss(opinions, mos, counts, 0.3).item() == pytest.approx(expected, rel=1e-4)
    both = view_loss(opinions.repeat(1, 2), mos, counts.repeat(1, 2), 0.3).item()
    assert both == pytest.approx(2 * expected, rel=1e-4)


def test_the_average_moves_by_its_decay() -> None:
    average, current = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    with torch.no_grad():
        current.weight.fill_(3.0)
    current.num_batches_tracked.fill_(7)
    move_average(average, current, 0.75)
    assert average.weight.tolist() == [1.5, 1.5]
    assert average.num_batches_tracked.item() == 0


def test_weights_that_stay_are_averaged_to_the_bit() -> None:
    average, current = (torch.nn.Linear(1, 2, bias=False) for _ in range(2))
    for layer in (average, current):
        layer.weight.data.copy_(torch.tensor([[-0.0], [0.1]]))
    move_average(average, current, 0.995)
    assert average.weight.signbit().flatten().tolist() == [True, False]
