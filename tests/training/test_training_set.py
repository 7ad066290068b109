from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.features import FeatureCache
from training.training_set import feature_cache, rated_photos, read_training_set


@pytest.fixture
def biq2021(tmp_path: Path, scenes: list[Path]) -> Path:
    """Twelve photos in the layout of BIQ2021, ten of them in the training split."""
    root = tmp_path / "BIQ2021"
    (root / "Images").mkdir(parents=True)
    rows = []
    for index, scene in enumerate(scenes):
        name = f"ss01 ({index}).png"
        scene.rename(root / "Images" / name)
        rows.append(f"{name},{0.05 * index:.2f}")
    for part, lines in (("Train", rows[:10]), ("Test", rows[10:])):
        (root / f"{part} (Images and MOS).csv").write_text("\n".join(["Image Name,MOS", *lines]) + "\n")
    return root


def fill(cache: FeatureCache, value: float) -> None:
    """Fills a cache with made-up features: the photo's row, plus a value."""
    rows = np.arange(len(cache.names), dtype=np.float32)[:, None] + np.zeros(3456, np.float32)
    cache._shards.fill(len(rows), lambda shard: rows[shard.start : shard.stop] + value)


def test_the_first_photos_alone(biq2021: Path, tmp_path: Path) -> None:
    photos, mos, part = rated_photos(biq2021, validation=4, seed=0)
    assert (len(photos), part.validate.shape) == (10, (4,))
    first = int(part.validate[-1])  # the last validation photo is then just left out
    for flip in (False, True):
        fill(feature_cache(tmp_path / "cache", "train", photos[:first], "w", flip), 0.5 * flip)
    plain, mirrored, some_mos, some = read_training_set(
        biq2021, tmp_path / "cache", "w", validation=4, seed=0, first=first
    )
    assert plain[:, 0].tolist() == list(range(first))
    np.testing.assert_array_equal(mirrored, plain + 0.5)
    np.testing.assert_array_equal(some_mos, mos[:first])
    assert some.validate.tolist() == part.validate[:-1].tolist()
    assert sorted([*some.learn, *some.validate]) == list(range(first))


def test_splits_and_orientations_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = {
        feature_cache(tmp_path, part, [], "w", flip).folder
        for part in ("train", "test")
        for flip in (False, True)
    }
    assert len(folders) == 4
