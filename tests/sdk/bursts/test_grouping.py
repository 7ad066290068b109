"""Which photos were taken together, by looks that are made to order."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from mobileiqa_sdk.bursts.grouping import ALMOST_THE_SAME, LIKE, NEAR, group
from mobileiqa_sdk.bursts.looks import Look

NOON = datetime(2026, 5, 1, 12)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def look(angle: float, flipped: int = 0) -> Look:
    """A look whose likeness to another one is the cosine of the angle between them, in degrees."""
    vector = np.zeros(192, np.float32)
    vector[:2] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return Look(np.arange(64) < flipped, vector)


def degrees(likeness: float) -> float:
    return float(np.degrees(np.arccos(likeness)))


def test_nothing_and_one() -> None:
    assert group([], []) == []
    assert group([look(0)], [None]) == [[0]]


def test_the_same_scene_within_seconds() -> None:
    times = [at(0), at(3), at(200), at(203)]
    assert group([look(0)] * 4, times, gap=3) == [[0, 1], [2, 3]]
    assert group([look(0)] * 4, times, gap=2.9) == [[0], [1], [2], [3]]


def test_the_same_place_an_hour_later_is_another_group() -> None:
    assert group([look(0), look(0)], [at(0), at(3600)]) == [[0], [1]]


def test_a_long_burst_is_one_group() -> None:
    times = [at(8 * number) for number in range(20)]
    assert group([look(0)] * 20, times) == [list(range(20))]


def test_the_order_of_the_photos_does_not_count() -> None:
    times = [at(16), at(0), at(300), at(8)]
    assert group([look(0)] * 4, times) == [[0, 1, 3], [2]]


def test_another_scene_within_seconds_is_another_group() -> None:
    times = [at(0), at(1), at(2), at(3)]
    assert group([look(0), look(90), look(0), look(90)], times) == [[0, 2], [1, 3]]


@pytest.mark.parametrize(("step", "groups"), [(-1.0, [[0, 1]]), (1.0, [[0], [1]])])
def test_how_alike_photos_of_one_run_must_be(step: float, groups: list[list[int]]) -> None:
    assert group([look(0), look(degrees(LIKE) + step)], [at(0), at(1)]) == groups


def test_each_photo_of_a_run_looks_like_each_other() -> None:
    """A camera that turns: the first and the last photo show other things."""
    step = degrees(LIKE) * 0.6
    looks = [look(step * number) for number in range(4)]
    assert group(looks, [at(number) for number in range(4)]) == [[0, 1], [2, 3]]


def test_a_photo_joins_the_most_alike() -> None:
    far = degrees(LIKE) + 5
    looks = [look(0), look(far), look(far * 0.6)]
    assert group(looks, [at(0), at(1), at(2)]) == [[0], [1, 2]]


def test_a_photo_without_a_time_joins_what_it_is_almost_the_same_as() -> None:
    edge = degrees(ALMOST_THE_SAME)
    times = [at(0), at(3600), None]
    looks = [look(0, flipped=40), look(0), look(edge - 1, flipped=NEAR)]
    assert group(looks, times) == [[0], [1, 2]]
    assert group([*looks[:2], look(edge + 1, flipped=NEAR)], times) == [[0], [1], [2]]
    assert group([*looks[:2], look(edge - 1, flipped=NEAR + 1)], times) == [[0], [1], [2]]


def test_of_two_groups_a_copy_joins_the_one_with_the_nearer_hash() -> None:
    """An edit without colours is as unlike its original as a photo of an hour later."""
    looks = [look(20), look(0, flipped=5), look(0)]
    assert group(looks, [at(0), at(3600), None]) == [[0, 2], [1]]


def test_a_photo_without_a_time_is_near_one_of_a_burst_and_not_each() -> None:
    looks = [look(0), look(30, flipped=30), look(0)]
    assert group(looks, [at(0), at(1), None]) == [[0, 1, 2]]


def test_photos_without_times_are_grouped_by_looks() -> None:
    looks = [look(0), look(90, flipped=32), look(0, flipped=3), look(90, flipped=30)]
    assert group(looks, [None] * 4) == [[0, 2], [1, 3]]


def test_pictures_of_one_colour_are_like_nothing() -> None:
    flat = Look(np.zeros(64, bool), np.zeros(192, np.float32))
    assert group([flat, flat], [at(0), at(0)]) == [[0], [1]]


def test_more_photos_than_are_compared_at_once() -> None:
    number = 1100
    times = [at(0), *(at(3600 * n) for n in range(1, number)), at(1)]
    groups = group([look(0)] * (number + 1), times)
    assert groups[0] == [0, number]
    assert len(groups) == number
