from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mobileiqa_export.student.moments import MomentViews
from training.head import HeadSettings, bootstrap_weights, train_head
from training.partition import Partition
from training.teaching import SHARES, TeachingData, _taught, averaged, opinions, study

SETTINGS = HeadSettings(
    hidden=8, views=3, validation=60, epochs=8, batch=20, rate=2e-2, dropout=0.0, noise=0.0, average=0.9
)


@pytest.fixture
def data() -> TeachingData:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 12)).astype(np.float32)
    mos = (1 / (1 + np.exp(-features[:, 0] + features[:, 1]))).astype(np.float32)
    part = Partition(np.arange(140), np.arange(140, 200), np.zeros(0, bool))
    return TeachingData(features, features + 0.01, mos, part, SETTINGS)


def test_heads_differ_in_their_seed_alone(data: TeachingData) -> None:
    first, again, other = (data.scores(data.train(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_student_learns_what_it_is_taught(data: TeachingData) -> None:
    upside_down = data.scores(data.train(0, 1 - data.mos))
    # Its best epoch is the first: the validation photos keep their MOS, and the more it learns the worse.
    assert (
        data.result("", [upside_down]).srcc < 0.2 < 0.8 < data.result("", [data.scores(data.train(0))]).srcc
    )


def test_teachers_speak_of_photos_that_they_have_not_seen(data: TeachingData) -> None:
    heads = [data.train(seed) for seed in (0, 1)]
    learn = data.part.learn
    drawn = np.stack([bootstrap_weights(len(learn), 3, seed).numpy() for seed in (0, 1)], axis=1)
    spoken = np.stack(
        [(opinions(head, data.plain) + opinions(head, data.mirrored)) / 2 for head in heads], axis=1
    )
    taught = data.teachers_opinion(heads, (0, 1), unseen=True)
    for row in (3, 50, 120):
        unseen = drawn[row] == 0
        expected = spoken[learn[row]][unseen].mean() if unseen.any() else data.mos[learn[row]]
        assert taught[learn[row]] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(taught[140:], spoken[140:].mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(
        data.teachers_opinion(heads, (0, 1), unseen=False), spoken.mean((1, 2)), atol=1e-6
    )


def test_a_photo_that_all_views_have_seen_keeps_its_mos(data: TeachingData) -> None:
    alone = replace(data, settings=replace(SETTINGS, views=1, hidden=24))
    heads = [alone.train(seed) for seed in (0, 1)]
    taught = alone.teachers_opinion(heads, (0, 1), unseen=True)
    np.testing.assert_array_equal(taught[data.part.learn], data.mos[data.part.learn])


def test_a_soup_is_the_mean_of_the_weights() -> None:
    heads = [MomentViews(4, 2, 2) for _ in range(3)]
    expected = torch.stack([head.hidden.weight for head in heads]).mean(0)
    torch.testing.assert_close(averaged(heads).hidden.weight, expected)


def test_a_head_goes_on_from_where_it_was(data: TeachingData) -> None:
    start = data.train(0)
    before = {key: value.clone() for key, value in start.state_dict().items()}
    still = replace(SETTINGS, rate=0.0, decay=0.0, epochs=1)
    again = train_head(data.plain, None, data.mos, data.part, still, start=start).head
    for key, value in before.items():
        torch.testing.assert_close(again.state_dict()[key], value)
        assert torch.equal(start.state_dict()[key], value)


def test_the_study_has_a_row_for_everything(data: TeachingData) -> None:
    results = {result.title: result for result in study(data, 3, 2)}
    assert len(results) == 6 + 1 + 2 * len(SHARES)
    alone, together = results["3 heads alone"], results["the mean of 3 heads' opinions"]
    assert together.srcc >= min(alone.runs)
    assert [len(one.runs) for one in results.values()] == [3, 2, 1, 1, 3, 1] + [2] * 5
    assert alone.srcc == pytest.approx(np.mean(alone.runs))
    assert results["taught by the mean, share 0.5"].srcc > 0.8


def test_shares_are_those_of_the_teachers(data: TeachingData, monkeypatch: pytest.MonkeyPatch) -> None:
    """A student of share 1 learns from the teachers alone, one of a quarter mostly from people."""
    learned: list[np.ndarray] = []
    trained = data.train(0)

    def train(self: TeachingData, seed: int, mos: np.ndarray) -> MomentViews:
        learned.append(mos)
        return trained

    monkeypatch.setattr(TeachingData, "train", train)
    opinion = 1 - data.mos
    list(_taught(data, "taught", opinion, [0], [0.25, 1.0]))
    np.testing.assert_allclose(learned[0], 0.75 * data.mos + 0.25 * opinion, rtol=1e-6)
    np.testing.assert_allclose(learned[1], opinion, rtol=1e-6)
