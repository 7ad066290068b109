"""What photos look like: alike for views of one scene, unlike for others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from mobileiqa_sdk.bursts.grouping import ALMOST_THE_SAME, LIKE, NEAR
from mobileiqa_sdk.bursts.looks import look_of

from .scenes import scene


def likeness(first: Image.Image, second: Image.Image) -> float:
    return float(look_of(first).thumbnail @ look_of(second).thumbnail)


def different_bits(first: Image.Image, second: Image.Image) -> int:
    return int((look_of(first).hash != look_of(second).hash).sum())


def test_the_hash_is_the_one_of_imagehash() -> None:
    imagehash = pytest.importorskip("imagehash")
    for number in range(5):
        assert (look_of(scene(number)).hash == imagehash.phash(scene(number)).hash.ravel()).all()


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.resize((120, 90)),
        lambda image: ImageEnhance.Brightness(image).enhance(0.6),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
        lambda image: image.filter(ImageFilter.GaussianBlur(3)),
        lambda image: ImageOps.posterize(image, 4),
    ],
    ids=["smaller", "darker", "softer", "blurred", "posterized"],
)
def test_an_edit_is_almost_the_same(edit: object) -> None:
    for number in range(5):
        original = scene(number)
        edited = edit(original)  # type: ignore[operator]  # the functions above
        assert different_bits(original, edited) <= NEAR
        assert likeness(original, edited) >= ALMOST_THE_SAME


def test_a_camera_that_moved_a_little_sees_the_same_scene() -> None:
    for number in range(5):
        assert likeness(scene(number), scene(number, shift=8)) >= LIKE


def test_other_scenes_are_unlike() -> None:
    for first, second in combinations(range(8), 2):
        assert likeness(scene(first), scene(second)) < LIKE
        assert different_bits(scene(first), scene(second)) > NEAR


def test_the_thumbnail_has_length_one_or_none() -> None:
    assert np.linalg.norm(look_of(scene(1)).thumbnail) == pytest.approx(1)
    flat = look_of(Image.new("RGB", (64, 64), "grey"))
    assert not flat.thumbnail.any()
