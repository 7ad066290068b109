"""Every fault makes photos worse step by step, alike every time, and as much larger as they are shrunk."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.evaluation.faults import (
    FAULTS,
    STEPS,
    Fault,
    defocus,
    motion_blur,
    noise,
)
from mobileiqa_bench.photographs import shipped_photographs
from mobileiqa_sdk.reason import WORDS
from mobileiqa_sdk.resample import resize

STRENGTHS_THAT_FALL = {"compression", "banding"}
NEARLY = {"defocus": 0.0, "motion_blur": 0.0, "noise": 0.0, "compression": 4.0, "banding": 6.0}
"""Largest root mean square error of step 0 in levels; one for the others, which go through floats."""


@pytest.fixture(scope="module", params=["astronaut", "coffee", "rocket"])
def photo(request: pytest.FixtureRequest) -> np.ndarray:
    (path,) = (path for path in shipped_photographs() if path.stem == request.param)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))[40:201, 100:299]


@pytest.fixture(scope="module")
def coffee() -> np.ndarray:
    (path,) = (path for path in shipped_photographs() if path.stem == "coffee")
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


every = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)


def error(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square difference in levels."""
    return float(np.sqrt(np.mean((one.astype(float) - other) ** 2)))


def dot(side: int = 41, reach: int = 0) -> np.ndarray:
    """A white square of 1 + 2 reach pixels in the middle of a black picture."""
    pixels = np.zeros((side, side, 3), np.uint8)
    middle = slice(side // 2 - reach, side // 2 + reach + 1)
    pixels[middle, middle] = 255
    return pixels


def spread(pixels: np.ndarray) -> np.ndarray:
    """Covariance [2, 2] of where the light of a picture is, rows first, in square pixels."""
    light = pixels[..., 0].astype(float)
    places = np.argwhere(light > 0)
    return np.cov(places.T, aweights=light[light > 0], ddof=0)


def test_the_faults_are_those_that_have_words() -> None:
    assert list(FAULTS) == [fault.name for fault in FAULTS.values()] == list(WORDS)


def test_the_strengths_are_those_that_models_learn() -> None:
    assert {name: list(fault.strengths) for name, fault in FAULTS.items()} == {
        "defocus": [0, 1.2, 2, 3.2, 5, 8],
        "motion_blur": [0, 4, 7, 11, 17, 26],
        "noise": [0, 6, 12, 20, 34, 56],
        "compression": [95, 45, 25, 15, 9, 5],
        "underexposure": [0, 1.2, 2.2, 3.2, 4.2, 5.2],
        "overexposure": [0, 0.8, 1.5, 2.2, 2.9, 3.6],
        "low_contrast": [0, 0.3, 0.5, 0.65, 0.78, 0.88],
        "banding": [64, 14, 9, 7, 5, 3],
    }


@every
def test_strengths_grow_and_are_interpolated(fault: Fault) -> None:
    assert len(fault.strengths) == 1 + STEPS
    grows = np.diff(fault.strengths) * (-1 if fault.name in STRENGTHS_THAT_FALL else 1)
    assert np.all(grows > 0)
    assert [fault.strength(step) for step in range(1 + STEPS)] == list(fault.strengths)
    for step in range(STEPS):
        middle = (fault.strengths[step] + fault.strengths[step + 1]) / 2
        assert fault.strength(step + 0.5) == pytest.approx(middle)
    quarter = fault.strengths[2] + (fault.strengths[3] - fault.strengths[2]) / 4
    assert fault.strength(2.25) == pytest.approx(quarter)


@every
@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_type_and_shape_stay_and_the_photo_is_not_touched(
    fault: Fault, scale: float, photo: np.ndarray
) -> None:
    before = photo.copy()
    for step in range(1 + STEPS):
        worse = fault.put_into(photo, step, 5, scale)
        assert (worse.dtype, worse.shape) == (np.dtype(np.uint8), photo.shape)
    np.testing.assert_array_equal(photo, before)


@every
@pytest.mark.parametrize("scale", [1.0, 2.3])
def test_step_0_is_nearly_the_photo(fault: Fault, scale: float, photo: np.ndarray) -> None:
    limit = NEARLY.get(fault.name, 1.0)
    if fault.name == "defocus" and scale > 1:
        limit = 1.0
    assert error(fault.put_into(photo, 0, 5, scale), photo) <= limit


@every
@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_the_error_grows_with_every_step(fault: Fault, scale: float, photo: np.ndarray) -> None:
    errors = [error(fault.put_into(photo, step, 3, scale), photo) for step in range(1 + STEPS)]
    assert np.all(np.diff(errors) > 0), errors
    assert errors[0] < 0.6 * errors[1]


@every
def test_a_half_step_lies_between_its_neighbours(fault: Fault, photo: np.ndarray) -> None:
    mild, between, strong = (error(fault.put_into(photo, step, 3), photo) for step in (3, 3.5, 4))
    assert mild < between < strong


@every
def test_again_is_the_same_and_seeds_count_for_noise_and_motion(fault: Fault, photo: np.ndarray) -> None:
    first = fault.put_into(photo, 3, 7)
    np.testing.assert_array_equal(fault.put_into(photo, 3, 7), first)
    np.testing.assert_array_equal(fault.put_into(photo, 3), fault.put_into(photo, 3, 0, 1.0))
    other = fault.put_into(photo, 3, 8)
    assert np.array_equal(other, first) is (fault.name not in {"noise", "motion_blur"})


@every
@pytest.mark.parametrize("shape", [(32, 33, 3), (64, 32, 3)])
def test_small_and_flat_photos_do_no_harm(fault: Fault, shape: tuple[int, int, int]) -> None:
    for level in (0, 128, 255):
        flat = np.full(shape, level, np.uint8)
        for scale in (1.0, 3.1):
            assert fault.put_into(flat, STEPS, 0, scale).shape == shape


@pytest.mark.parametrize("name", ["defocus", "motion_blur"])
def test_blur_leaves_a_flat_photo_as_it_is(name: str) -> None:
    flat = np.full((40, 50, 3), (10, 128, 250), np.uint8)
    np.testing.assert_array_equal(FAULTS[name].put_into(flat, STEPS, 1, 1.5), flat)


@pytest.mark.parametrize("name", ["compression", "underexposure", "overexposure", "low_contrast", "banding"])
def test_what_is_not_measured_in_pixels_has_no_scale(name: str, photo: np.ndarray) -> None:
    fault = FAULTS[name]
    np.testing.assert_array_equal(fault.put_into(photo, 3, 0, 2.5), fault.put_into(photo, 3, 0, 1.0))


@pytest.mark.parametrize(("radius", "scale"), [(3.0, 1.0), (6.0, 1.0), (3.0, 2.0)])
def test_defocus_spreads_a_dot_over_a_disc(radius: float, scale: float) -> None:
    light = (defocus(dot(), radius) if scale == 1 else defocus(dot(), radius, 0, scale))[..., 0]
    places = np.argwhere(light > 0) - 20
    distances = np.hypot(*places.T)
    assert radius * scale - 1 < distances.max() < radius * scale + 1
    values = light[light > 0][distances < radius * scale - 1]
    assert np.ptp(values) <= 1  # even within the disc
    assert values[0] == pytest.approx(255 / (np.pi * (radius * scale) ** 2), abs=1)
    np.testing.assert_array_equal(light, light.T)


@pytest.mark.parametrize("radius", [1.2, 2.0, 3.2, 5.0])
def test_defocus_spreads_light_as_a_disc_does(radius: float) -> None:
    """A disc has the variance r * r / 4 along each axis, and a pixel's own width is near 1 / 12."""
    spread_by = spread(defocus(dot(51, 3), radius))[0, 0] - (7**2 - 1) / 12
    assert spread_by == pytest.approx(radius**2 / 4 + 0.1, abs=0.03)


def test_a_blur_does_not_move_the_photo() -> None:
    for blurred in (defocus(dot(), 5), motion_blur(dot(), 9, 3)):
        light = blurred[..., 0].astype(float)
        rows, columns = np.mgrid[:41, :41]
        assert (light * rows).sum() / light.sum() == pytest.approx(20, abs=0.1)
        assert (light * columns).sum() / light.sum() == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("scale", [2.0, 2.5])
@pytest.mark.parametrize("name", ["defocus", "motion_blur"])
def test_blurring_and_then_shrinking_is_shrinking_and_then_blurring(
    name: str, scale: float, coffee: np.ndarray
) -> None:
    height, width = round(coffee.shape[0] / scale), round(coffee.shape[1] / scale)
    small = resize(Image.fromarray(coffee), height, width)
    fault = FAULTS[name]
    for step in (2, 3, 5):
        after = fault.put_into(small, step, 4)
        before = resize(Image.fromarray(fault.put_into(coffee, step, 4, scale)), height, width)
        unscaled = resize(Image.fromarray(fault.put_into(coffee, step, 4)), height, width)
        inner = (slice(20, -20), slice(20, -20))  # beyond the edges lie other pixels
        assert error(before[inner], after[inner]) < 1.5
        assert error(before[inner], after[inner]) < error(unscaled[inner], after[inner]) / 3


@pytest.mark.parametrize("seed", range(6))
def test_motion_has_the_direction_of_its_seed(seed: int) -> None:
    angle = np.random.default_rng(seed).uniform(0, 180) * np.pi / 180
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    square = (7**2 - 1) / 12
    for length, scale in ((21, 1.0), (42, 1.0), (21, 2.0)):
        covariance = spread(motion_blur(dot(71, 3), length, seed, scale))
        assert along @ covariance @ along == pytest.approx(square + (length * scale) ** 2 / 12, rel=0.03)
        assert across @ covariance @ across == pytest.approx(square, rel=0.1)
        _, axes = np.linalg.eigh(covariance)
        assert abs(across @ axes[:, -1]) < np.radians(0.15)


def test_the_direction_stays_while_motion_grows() -> None:
    directions = []
    for step in range(1, 1 + STEPS):
        _, axes = np.linalg.eigh(spread(FAULTS["motion_blur"].put_into(dot(61, 3), step, 11)))
        directions.append(axes[:, -1] * np.sign(axes[0, -1]))
    assert np.abs(np.diff(directions, axis=0)).max() < 0.01


def test_noise_has_the_deviation_it_says_and_no_mean() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    grain = noise(grey, 20, 1).astype(float) - 128
    assert grain.std() == pytest.approx(20, rel=0.02)
    assert abs(grain.mean()) < 0.3
    assert np.abs(np.corrcoef(grain.reshape(-1, 3).T) - np.eye(3)).max() < 0.02  # channels are independent
    assert abs(np.corrcoef(grain[:, 1:].ravel(), grain[:, :-1].ravel())[0, 1]) < 0.02


def test_the_pattern_of_noise_is_that_of_its_seed() -> None:
    grey = np.full((60, 80, 3), 128, np.uint8)
    grain = np.random.default_rng(3).standard_normal((3, 60, 80), np.float32).transpose(1, 2, 0)
    for level in (0, 128, 255):
        expected = np.rint(np.float32(level) + 20 * grain).clip(0, 255)
        np.testing.assert_array_equal(noise(np.full_like(grey, level), 20, 3), expected)
    np.testing.assert_array_equal(noise(grey, 20), noise(grey, 20, 0))


def test_steps_turn_one_pattern_of_noise_up() -> None:
    grey = np.full((60, 80, 3), 128, np.uint8)
    weak, strong = (FAULTS["noise"].put_into(grey, step, 3).astype(float) - 128 for step in (1, 3))
    assert np.corrcoef(weak.ravel(), strong.ravel())[0, 1] > 0.99
    assert strong.std() / weak.std() == pytest.approx(20 / 6, rel=0.03)


@pytest.mark.parametrize("scale", [2.0, 3.0])
def test_noise_survives_shrinking(scale: float) -> None:
    grey = np.full((240, 360, 3), 128, np.uint8)
    height, width = round(240 / scale), round(360 / scale)

    def after(pixels: np.ndarray) -> np.ndarray:
        return resize(Image.fromarray(pixels), height, width).astype(float) - 128

    kept, averaged = after(noise(grey, 20, 1, scale)), after(noise(grey, 20, 1))
    assert kept.std() == pytest.approx(20, rel=0.35)
    assert averaged.std() < 0.75 * kept.std()
    at_once = noise(np.full((height, width, 3), 128, np.uint8), 20, 1).astype(float) - 128
    assert np.corrcoef(kept.ravel(), at_once.ravel())[0, 1] > 0.9  # the same pattern


def test_sizes_that_the_scale_does_not_divide() -> None:
    pixels = np.full((37, 53, 3), 128, np.uint8)
    for scale in (1.01, 1.9, 7.3, 100.0):
        assert noise(pixels, 20, 0, scale).shape == pixels.shape


def test_exposure_contrast_and_banding_by_hand() -> None:
    grey = np.full((32, 32, 3), 128, np.uint8)  # 0.2159 of full light
    assert FAULTS["underexposure"].put_into(grey, 1)[0, 0, 0] == 86  # 0.0940, 1.2 stops less
    assert FAULTS["overexposure"].put_into(grey, 2)[0, 0, 0] == 205  # 0.6107, 1.5 stops more
    halves = np.concatenate([np.full((32, 16, 3), 60, np.uint8), np.full((32, 16, 3), 160, np.uint8)], axis=1)
    flatter = FAULTS["low_contrast"].put_into(halves, 2).astype(int)
    assert flatter[0, -1, 0] - flatter[0, 0, 0] == pytest.approx(50, abs=1)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert [len(np.unique(FAULTS["banding"].put_into(ramp, step))) for step in (0, 1, 5)] == [64, 14, 3]
