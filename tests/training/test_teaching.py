from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mobileiqa_export.student.moments import MomentViews
from training.head import Settings, bootstrap_weights, train_head
from training.partition import Partition
from training.teaching import SHARES, Lesson, averaged, opinions, study

SETTINGS = Settings(
    hidden=8, views=3, validation=60, epochs=8, batch=20, rate=2e-2, dropout=0.0, noise=0.0, average=0.9
)


@pytest.fixture
def lesson() -> Lesson:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 12)).astype(np.float32)
    mos = (1 / (1 + np.exp(-features[:, 0] + features[:, 1]))).astype(np.float32)
    part = Partition(np.arange(140), np.arange(140, 200), np.zeros(0, bool))
    return Lesson(features, features + 0.01, mos, part, SETTINGS)


def test_heads_differ_in_their_seed_alone(lesson: Lesson) -> None:
    first, again, other = (lesson.scores(lesson.head(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_student_learns_what_it_is_taught(lesson: Lesson) -> None:
    upside_down = lesson.scores(lesson.head(0, 1 - lesson.mos))
    # Its best epoch is the first: the validation photos keep their MOS, and the more it learns the worse.
    assert (
        lesson.judged("", [upside_down]).srcc
        < 0.2
        < 0.8
        < lesson.judged("", [lesson.scores(lesson.head(0))]).srcc
    )


def test_teachers_speak_of_photos_that_they_have_not_seen(lesson: Lesson) -> None:
    heads = [lesson.head(seed) for seed in (0, 1)]
    learn = lesson.part.learn
    drawn = np.stack([bootstrap_weights(len(learn), 3, seed).numpy() for seed in (0, 1)], axis=1)
    spoken = np.stack(
        [(opinions(head, lesson.plain) + opinions(head, lesson.mirrored)) / 2 for head in heads], axis=1
    )
    taught = lesson.taught(heads, (0, 1), unseen=True)
    for row in (3, 50, 120):
        unseen = drawn[row] == 0
        wanted = spoken[learn[row]][unseen].mean() if unseen.any() else lesson.mos[learn[row]]
        assert taught[learn[row]] == pytest.approx(wanted, abs=1e-6)
    np.testing.assert_allclose(taught[140:], spoken[140:].mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(lesson.taught(heads, (0, 1), unseen=False), spoken.mean((1, 2)), atol=1e-6)


def test_a_photo_that_all_views_have_seen_keeps_its_mos(lesson: Lesson) -> None:
    alone = replace(lesson, settings=replace(SETTINGS, views=1, hidden=24))
    heads = [alone.head(seed) for seed in (0, 1)]
    taught = alone.taught(heads, (0, 1), unseen=True)
    np.testing.assert_array_equal(taught[lesson.part.learn], lesson.mos[lesson.part.learn])


def test_a_soup_is_the_mean_of_the_weights() -> None:
    heads = [MomentViews(4, 2, 2) for _ in range(3)]
    wanted = torch.stack([head.hidden.weight for head in heads]).mean(0)
    torch.testing.assert_close(averaged(heads).hidden.weight, wanted)


def test_a_head_goes_on_from_where_it_was(lesson: Lesson) -> None:
    start = lesson.head(0)
    before = {key: value.clone() for key, value in start.state_dict().items()}
    still = replace(SETTINGS, rate=0.0, decay=0.0, epochs=1)
    again = train_head(lesson.plain, None, lesson.mos, lesson.part, still, lambda _: None, start=start).head
    for key, value in before.items():
        torch.testing.assert_close(again.state_dict()[key], value)
        assert torch.equal(start.state_dict()[key], value)


def test_the_study_has_a_row_for_everything(lesson: Lesson) -> None:
    told: list[str] = []
    outcomes = {one.title: one for one in study(lesson, 3, 2, lambda one: told.append(one.title))}
    assert list(outcomes) == told
    assert len(told) == 6 + 1 + 2 * len(SHARES)
    alone, together = outcomes["3 heads alone"], outcomes["the mean of 3 heads' opinions"]
    assert together.srcc >= min(alone.runs)
    assert [len(one.runs) for one in outcomes.values()] == [3, 2, 1, 1, 3, 1] + [2] * 5
    assert alone.srcc == pytest.approx(np.mean(alone.runs))
    assert outcomes["taught by the mean, share 0.5"].srcc > 0.8
