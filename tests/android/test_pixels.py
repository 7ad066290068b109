"""Resizing, turning and the golden image: the same bytes as Python's."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .toolbox import JavaError, Jvm, array, base64_of, picture, saved

PHOTOS = Path(skimage.__file__).parent / "data"
NAMES = ["astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg"]
SIZES = [(512, 512), (1231, 1907), (224, 224), (97, 1300), (900, 33)]  # height, width


def digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("portrait", [False, True], ids=["as it is", "turned"])
def test_photos_resize_to_the_same_bytes(pure: Jvm, tmp_path: Path, name: str, portrait: bool) -> None:
    photo = read_photo(PHOTOS / name)
    if portrait:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    sent = saved(photo, tmp_path)
    for height, width in SIZES:
        assert pure.call("resize_digest", **sent, to_width=width, to_height=height) == digest(
            resize(photo, height, width)
        )


sides = st.integers(1, 40)


@settings(deadline=None, max_examples=300)
@given(st.data(), sides, sides, sides, sides)
def test_any_picture_resizes_to_the_same_bytes(
    pure: Jvm, data: st.DataObject, height: int, width: int, to_height: int, to_width: int
) -> None:
    pixels = data.draw(arrays(np.uint8, (height, width, 3)))
    answer = pure.call("resize", **picture(pixels), to_width=to_width, to_height=to_height)
    np.testing.assert_array_equal(array(answer), resize(Image.fromarray(pixels), to_height, to_width))


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(0, 2**32 - 1))
def test_any_two_lengths_give_the_same_kernel(pure: Jvm, length: int, to_length: int, seed: int) -> None:
    row = np.random.default_rng(seed).integers(0, 256, (1, length, 3), np.uint8)
    for pixels, size in ((row, (1, to_length)), (row.transpose(1, 0, 2), (to_length, 1))):
        sent = picture(np.ascontiguousarray(pixels))
        actual = pure.call("resize_digest", **sent, to_width=size[1], to_height=size[0])
        assert actual == digest(resize(Image.fromarray(pixels), *size))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 5)])
def test_a_size_that_is_none(pure: Jvm, width: int, height: int) -> None:
    sent = picture(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(JavaError, match="IllegalArgumentException: cannot resize"):
        pure.call("resize", **sent, to_width=width, to_height=height)


def test_bytes_that_are_no_picture(pure: Jvm) -> None:
    with pytest.raises(JavaError, match=r"^IllegalArgumentException: .*5 .*2x1"):
        pure.call("resize", width=2, height=1, rgb=base64_of(bytes(5)), to_width=1, to_height=1)


@pytest.mark.parametrize(("height", "width"), [(600, 800), (32, 32), (1000, 700)])
def test_golden_images(pure: Jvm, height: int, width: int) -> None:
    actual = pure.call("golden_image", width=width, height=height)
    assert actual == digest(golden_image(height, width))


def with_orientation(orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image = Image.open(PHOTOS / "coffee.png").crop((0, 0, 90, 60))
    image.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(pure: Jvm, orientation: int, kind: str) -> None:
    data = with_orientation(orientation, kind)
    assert pure.call("orientation", file=base64_of(data)) == orientation
    as_stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    turned = array(pure.call("apply", **picture(as_stored), orientation=orientation))
    np.testing.assert_array_equal(turned, np.asarray(read_photo(data)))


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_an_orientation_that_is_none(pure: Jvm, orientation: int) -> None:
    with pytest.raises(JavaError, match=r"^IllegalArgumentException: .*1 to 8"):
        pure.call("apply", **picture(np.zeros((2, 3, 3), np.uint8)), orientation=orientation)
