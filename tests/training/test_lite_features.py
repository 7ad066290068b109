from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training.efficientnet_lite import MEMBERS, LiteBackbone
from training.errors import FeatureCacheError
from training.lite_features import LiteCache, lite_moments, measure_lite, read_fitted

LITE0 = "efficientnet-lite0"


def test_photos_keep_their_aspect_and_are_never_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.fromarray(np.zeros((100, 400, 3), np.uint8)).save(path)
    assert read_fitted(path, 10_000).shape == (50, 200, 3)
    assert read_fitted(path, 1_000_000).shape == (100, 400, 3)


def test_a_cache_gives_the_moments_of_its_photos_and_refuses_others(
    tmp_path: Path, scenes: list[Path]
) -> None:
    torch.manual_seed(0)
    network = lite_moments(LITE0, LiteBackbone(MEMBERS[LITE0]).state_dict())
    names = tuple(path.name for path in scenes[:2])
    cache = LiteCache(tmp_path / "cache", names, LITE0, "made", 4096)
    assert cache.fill(scenes[:2], network) == 2
    assert cache.fill(scenes[:2], network) == 0
    rows = cache.read()
    np.testing.assert_array_equal(rows[1], measure_lite(network, read_fitted(scenes[1], 4096)))
    for other in (
        LiteCache(cache.folder, names[::-1], LITE0, "made", 4096),
        LiteCache(cache.folder, names, "efficientnet-lite2", "made", 4096),
        LiteCache(cache.folder, names, LITE0, "other", 4096),
        LiteCache(cache.folder, names, LITE0, "made", 9216),
    ):
        with pytest.raises(FeatureCacheError):
            other.read()
