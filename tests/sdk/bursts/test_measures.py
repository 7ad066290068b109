"""Measures that compare pictures of one scene: each follows its own fault, and not the others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from mobileiqa_sdk.bursts.measures import measure

from .scenes import scene


def noisy(image: Image.Image, amount: float) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, amount, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image, np.float64) + noise, 0, 255).astype(np.uint8))


def half_smooth() -> Image.Image:
    """A scene whose right half is flat, as a wall or a blurred background is."""
    image = scene(3)
    image.paste((128, 128, 128), (120, 0, 240, 180))
    return image


def test_sharpness_falls_with_blur() -> None:
    values = [measure(scene(1).filter(ImageFilter.GaussianBlur(radius))).sharpness for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[1] < 0.7 * values[0]


def test_sharpness_hardly_depends_on_exposure() -> None:
    sharp = measure(scene(1)).sharpness
    assert measure(ImageEnhance.Brightness(scene(1)).enhance(0.5)).sharpness == pytest.approx(sharp, rel=0.15)


def test_noise_is_not_taken_for_sharpness() -> None:
    clean = measure(half_smooth()).sharpness
    assert measure(noisy(half_smooth(), 10)).sharpness == pytest.approx(clean, rel=0.15)


def test_a_blurred_background_is_not_a_fault() -> None:
    blurred = half_smooth().filter(ImageFilter.GaussianBlur(4))
    blurred.paste(half_smooth().crop((0, 0, 120, 90)), (0, 0))
    assert measure(blurred).sharpness > 0.85 * measure(half_smooth()).sharpness


def test_a_picture_of_one_colour_has_no_sharpness() -> None:
    assert measure(Image.new("RGB", (64, 64), "grey")).sharpness == 0


@pytest.mark.parametrize(("level", "highlights", "shadows"), [(255, 0.25, 0), (0, 0, 0.25), (128, 0, 0)])
def test_clipped_pixels(level: int, highlights: float, shadows: float) -> None:
    image = Image.new("RGB", (64, 64), (100, 100, 100))
    image.paste((level,) * 3, (0, 0, 32, 32))
    measures = measure(image)
    assert (measures.highlights, measures.shadows) == (highlights, shadows)
    assert measures.brightness == pytest.approx((0.75 * 100 + 0.25 * level) / 255)


def test_it_is_compared_at_the_size_of_the_smaller_photo() -> None:
    smaller = scene(1).resize((120, 90), Image.Resampling.BICUBIC)
    assert measure(scene(1), (120, 90)) == measure(smaller)
    assert measure(scene(1)).sharpness != pytest.approx(measure(smaller).sharpness, rel=0.01)


@pytest.mark.parametrize("size", [(32, 32), (33, 4000), (4000, 33)])
def test_any_shape(size: tuple[int, int]) -> None:
    assert measure(Image.effect_noise(size, 50).convert("RGB")).sharpness >= 0
