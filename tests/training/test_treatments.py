from __future__ import annotations

import numpy as np
import pytest

from training.treatments import treated


@pytest.fixture
def ramp() -> np.ndarray:
    """Red rises to the right, green downwards, so that what happened to a picture can be told from it."""
    red, green = np.meshgrid(np.arange(200, dtype=np.uint8), np.arange(160, dtype=np.uint8))
    return np.stack([red, green, np.full_like(red, 40)], axis=2)


def test_each_treatment_happens_in_its_share(ramp: np.ndarray) -> None:
    generator = np.random.default_rng(0)
    made = [treated(ramp, generator) for _ in range(600)]
    cropped = np.mean([pixels.shape != ramp.shape for pixels in made])
    grey = np.mean([bool((np.ptp(pixels.astype(int), axis=2) == 0).all()) for pixels in made])
    unchanged = np.mean([pixels.shape == ramp.shape and bool((pixels == ramp).all()) for pixels in made])
    mirrored = np.mean([pixels[:, 0, 0].mean() > pixels[:, -1, 0].mean() for pixels in made])
    assert cropped == pytest.approx(0.4, abs=0.07)
    assert grey == pytest.approx(0.15, abs=0.05)
    assert mirrored == pytest.approx(0.5, abs=0.08)
    assert unchanged == pytest.approx(0.6 * 0.5 * 0.85 * 0.4, abs=0.05)


def test_crops_keep_what_a_picture_needs(ramp: np.ndarray) -> None:
    small = ramp[:90, :100]
    shapes = [treated(small, np.random.default_rng(seed)).shape for seed in range(60)]
    assert {shape[0] for shape in shapes} == {90}
    assert min(shape[1] for shape in shapes) == 96
    large = [treated(np.tile(ramp, (4, 4, 1)), np.random.default_rng(seed)).shape for seed in range(60)]
    assert 256 <= min(shape[0] for shape in large) < 400
    assert 320 <= min(shape[1] for shape in large) < 500


def test_the_original_stays(ramp: np.ndarray) -> None:
    before = ramp.copy()
    for seed in range(20):
        result = treated(ramp, np.random.default_rng(seed))
        assert result.dtype == np.uint8
        assert result.flags.c_contiguous
    assert (ramp == before).all()
    assert (treated(ramp, np.random.default_rng(5)) == treated(ramp, np.random.default_rng(5))).all()
