from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import MomentStudent, build_student
from training.errors import FeatureCacheError
from training.extractor import Extractor
from training.features import to_batch
from training.lite_features import LiteCache, read_fitted
from training.lite_student import lite_config, moments_of

LITE0 = "efficientnet-lite0"


def corners(pixels: Pixels) -> np.ndarray:
    """Stands in for a network: two corners, which tell a photo from its mirror image."""
    return pixels[0, [0, -1]].reshape(-1).astype(np.float32)


def test_photos_keep_their_aspect_and_are_never_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.fromarray(np.zeros((100, 400, 3), np.uint8)).save(path)
    assert read_fitted(path, 10_000).shape == (50, 200, 3)
    assert read_fitted(path, 1_000_000).shape == (100, 400, 3)


def test_a_cache_gives_the_moments_of_its_photos_and_refuses_others(
    tmp_path: Path, scenes: list[Path]
) -> None:
    names = tuple(path.name for path in scenes[:2])
    cache = LiteCache(tmp_path / "cache", names, "made", 4096)
    assert cache.fill(scenes[:2], corners) == 2
    assert cache.fill(scenes[:2], corners) == 0
    rows = cache.read()
    np.testing.assert_array_equal(rows[1], corners(read_fitted(scenes[1], 4096)))
    for other in (
        LiteCache(cache.folder, names[::-1], "made", 4096),
        LiteCache(cache.folder, names, "other", 4096),
        LiteCache(cache.folder, names, "made", 9216),
        LiteCache(cache.folder, names, "made", 4096, mirrored=True),
    ):
        with pytest.raises(FeatureCacheError):
            other.read()
    mirrored = LiteCache(tmp_path / "mirrored", names, "made", 4096, mirrored=True)
    mirrored.fill(scenes[:2], corners)
    np.testing.assert_array_equal(mirrored.read(), rows[:, [3, 4, 5, 0, 1, 2]])


def test_onnxruntime_computes_the_moments_that_pytorch_does_at_any_size() -> None:
    torch.manual_seed(0)
    student = build_student(lite_config(LITE0))
    assert isinstance(student, MomentStudent)
    extract = Extractor(student, LITE0)
    generator = np.random.default_rng(0)
    for size in ((64, 48), (75, 131)):
        pixels = generator.integers(0, 256, (*size, 3), np.uint8)
        with torch.inference_mode():
            expected = moments_of(student, LITE0, to_batch([pixels]))[0].numpy()
        np.testing.assert_allclose(extract(pixels), expected, rtol=1e-3, atol=1e-4)
        assert expected.std() > 0.01
