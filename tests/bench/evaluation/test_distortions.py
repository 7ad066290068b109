"""Every distortion makes photos worse, the more the stronger, and the same way every time."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS, Distortion
from mobileiqa_bench.photographs import shipped_photographs


@pytest.fixture(scope="module", params=["astronaut", "coffee", "rocket"])
def photo(request: pytest.FixtureRequest) -> np.ndarray:
    (path,) = (path for path in shipped_photographs() if path.stem == request.param)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))[40:201, 100:299]


every = pytest.mark.parametrize("distortion", DISTORTIONS.values(), ids=lambda each: each.name)


@every
def test_the_squared_error_grows_with_every_step(distortion: Distortion, photo: np.ndarray) -> None:
    errors = [0.0]
    for strength in distortion.steps:
        worse = distortion.apply(photo, strength, 0)
        errors.append(float(np.mean((worse.astype(float) - photo) ** 2)))
    assert np.all(np.diff(errors) > 0), errors


@every
def test_type_and_shape_stay_and_the_photo_is_not_touched(distortion: Distortion, photo: np.ndarray) -> None:
    before = photo.copy()
    for strength in distortion.steps:
        worse = distortion.apply(photo, strength, 0)
        assert worse.dtype == np.uint8
        assert worse.shape == photo.shape
    np.testing.assert_array_equal(photo, before)


@every
def test_again_is_the_same(distortion: Distortion, photo: np.ndarray) -> None:
    strength = distortion.steps[2]
    first = distortion.apply(photo, strength, 7)
    np.testing.assert_array_equal(distortion.apply(photo, strength, 7), first)
    other = distortion.apply(photo, strength, 8)
    assert np.array_equal(other, first) is (distortion.name != "noise")


@every
@pytest.mark.parametrize("shape", [(32, 33, 3), (64, 32, 3)])
def test_small_and_flat_photos_do_no_harm(distortion: Distortion, shape: tuple[int, int, int]) -> None:
    for strength in distortion.steps:
        for level in (0, 128, 255):
            assert distortion.apply(np.full(shape, level, np.uint8), strength, 0).shape == shape


def test_a_ladder_turns_one_noise_up(photo: np.ndarray) -> None:
    noise = DISTORTIONS["noise"]
    grey = np.full_like(photo, 128)
    weak, strong = (noise.apply(grey, strength, 3).astype(float) - 128 for strength in (5.0, 10.0))
    assert np.corrcoef(weak.ravel(), strong.ravel())[0, 1] > 0.99


def test_exposure_counts_in_stops_of_light() -> None:
    grey = np.full((32, 32, 3), 128, np.uint8)  # 0.2159 of full light
    assert DISTORTIONS["underexposure"].apply(grey, 1, 0)[0, 0, 0] == 92  # 0.1079
    assert DISTORTIONS["overexposure"].apply(grey, 1, 0)[0, 0, 0] == 176  # 0.4317
    assert DISTORTIONS["overexposure"].apply(grey, 3, 0)[0, 0, 0] == 255


def test_banding_keeps_the_levels_it_says(photo: np.ndarray) -> None:
    assert set(np.unique(DISTORTIONS["banding"].apply(photo, 3, 0))) <= {0, 128, 255}
