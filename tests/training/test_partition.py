from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.errors import PartitionError
from training.near_duplicates import NEAR, distances, have_near_duplicate, perceptual_hashes
from training.partition import Partition, hold_out


def twin_of(path: Path) -> Path:
    """The same scene, a little darker and compressed."""
    copy = path.with_name(f"{path.stem}-twin.jpg")
    with Image.open(path) as photo:
        photo.point(lambda value: value * 0.9).save(copy, quality=60)
    return copy


def test_a_compressed_copy_is_a_twin_and_another_scene_is_not(scenes: list[Path]) -> None:
    hashes = perceptual_hashes([*scenes, twin_of(scenes[3])])
    twins = have_near_duplicate(hashes)
    assert np.flatnonzero(twins).tolist() == [3, 12]
    assert have_near_duplicate(hashes[:1], hashes[12:]).tolist() == [False]


def test_distances_count_differing_bits() -> None:
    bits = np.zeros((2, 64), bool)
    bits[1, :5] = True
    assert distances(bits, bits).tolist() == [[0, 5], [5, 0]]


def test_validation_photos_have_no_twin_anywhere(scenes: list[Path]) -> None:
    train = [*scenes[:10], twin_of(scenes[0])]
    test = [*scenes[10:], twin_of(scenes[1])]
    part = hold_out(train, test, validation=5, seed=0)
    assert len(part.validate) == 5
    assert not {0, 1, 10} & set(part.validate)
    assert sorted([*part.learn, *part.validate]) == list(range(11))
    assert part.test_near_duplicates.tolist() == [False, False, True]
    again = hold_out(train, test, validation=5, seed=0)
    np.testing.assert_array_equal(again.validate, part.validate)
    assert set(hold_out(train, test, validation=5, seed=1).validate) != set(part.validate)


def test_too_few_unique_photos_are_an_error(scenes: list[Path]) -> None:
    with pytest.raises(PartitionError, match="only 1"):
        hold_out([scenes[0], scenes[1], twin_of(scenes[1])], [], validation=2, seed=0)


def test_near_means_at_most_the_limit() -> None:
    bits = np.zeros((3, 64), bool)
    bits[1, :NEAR] = True
    bits[2, : 2 * NEAR + 1] = True
    assert have_near_duplicate(bits).tolist() == [True, True, False]


def test_the_first_photos_keep_their_part() -> None:
    part = Partition(np.array([0, 2, 5]), np.array([1, 3, 4]), np.zeros(1, bool)).within(3)
    assert part.learn.tolist() == [0, 2]
    assert part.validate.tolist() == [1]
    assert part.test_near_duplicates.tolist() == [False]
