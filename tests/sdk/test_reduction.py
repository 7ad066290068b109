"""The decode rule "jpeg-reduced": how much smaller, and what a score is made of."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.reduction import FACTORS, reduction

from . import artifacts

SIDES = st.integers(1, 20_000)
FIT = (96, 128)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    with Image.open(Path(skimage.data_dir) / "rocket.jpg") as image:
        return image.convert("RGB")  # 640 x 427


def encoded(image: Image.Image, file_format: str = "JPEG", orientation: int = 1, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, file_format, exif=exif, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("size", "fit", "factor"),
    [
        ((4000, 3000), (512, 512), 4),
        ((4032, 3024), (512, 512), 4),
        ((3840, 2160), (512, 512), 2),
        ((8000, 6000), (512, 512), 8),
        ((80_000, 60_000), (512, 512), 8),
        ((1434, 1434), (512, 512), 2),
        ((1433, 1434), (512, 512), 1),
        ((1434, 1433), (512, 512), 1),
        ((1400, 1400), (500, 500), 2),  # exactly 1.4 times
        ((1399, 1400), (500, 500), 1),
        ((1400, 1399), (500, 500), 1),
        ((2800, 2800), (500, 500), 4),
        ((5600, 5600), (500, 500), 8),
        ((5600, 5599), (500, 500), 4),
        ((512, 512), (512, 512), 1),
        ((4000, 3000), (1231, 1907), 1),
        ((8000, 6000), (1231, 1907), 2),
    ],
)
def test_known_sizes(size: tuple[int, int], fit: tuple[int, int], factor: int) -> None:
    assert reduction(size, fit) == factor


@given(side=SIDES, factor=st.sampled_from(FACTORS))
def test_the_smallest_photo_that_is_reduced(side: int, factor: int) -> None:
    """Of an input of `side` pixels, by hand: 1.4 times the side, rounded up, times the factor."""
    least = factor * -(-14 * side // 10)
    assert reduction((least, least), (side, side)) >= factor
    assert reduction((least - 1, least), (side, side)) < factor
    assert reduction((least, least - 1), (side, side)) < factor


@given(size=st.tuples(SIDES, SIDES), fit=st.tuples(SIDES, SIDES))
def test_a_side_alone_decides_what_a_square_of_it_would(size: tuple[int, int], fit: tuple[int, int]) -> None:
    columns = reduction((size[0], size[0]), (fit[1], fit[1]))
    rows = reduction((size[1], size[1]), (fit[0], fit[0]))
    assert reduction(size, fit) == min(columns, rows)


def test_a_jpeg_is_decoded_smaller(photo: Image.Image) -> None:
    data = encoded(photo)
    assert read_photo(data).size == (640, 427)
    reduced = read_photo(data, fit=FIT)
    assert reduced.size == (320, 214)
    with Image.open(io.BytesIO(data)) as expected:
        expected.draft(None, (320, 213))
        assert np.array_equal(np.asarray(reduced), np.asarray(expected.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_margin_is_of_the_upright_photo(photo: Image.Image, orientation: int) -> None:
    data = encoded(photo.crop((0, 0, 640, 300)), orientation=orientation)
    width, height = (300, 640) if orientation > 4 else (640, 300)
    assert read_photo(data).size == (width, height)
    assert read_photo(data, fit=(height * 2 // 7, width * 2 // 7)).size == (width // 2, height // 2)
    assert read_photo(data, fit=(width * 2 // 7, height * 2 // 7)).size == (width, height)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes(photo: Image.Image, mode: str) -> None:
    assert read_photo(encoded(photo.convert(mode)), fit=FIT).size == (320, 214)


def test_a_progressive_jpeg(photo: Image.Image) -> None:
    assert read_photo(encoded(photo, progressive=True), fit=FIT).size == (320, 214)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_other_formats_are_decoded_in_full(photo: Image.Image, file_format: str) -> None:
    assert read_photo(encoded(photo, file_format), fit=FIT).size == (640, 427)


def test_an_open_image_is_left_alone(photo: Image.Image) -> None:
    with Image.open(io.BytesIO(encoded(photo))) as image:
        assert read_photo(image, fit=FIT).size == image.size == (640, 427)


def test_a_tiny_input_does_not_make_a_photo_too_small(photo: Image.Image) -> None:
    assert read_photo(encoded(photo), fit=(4, 4)).size == (80, 54)


def scorer(folder: Path, rule: str, *, exact: bool = False) -> Scorer:
    folder.mkdir(exist_ok=True)
    contract = artifacts.contract(input={"decode": rule})
    (folder / "model.onnx").write_bytes(artifacts.model(contract))
    return Scorer(folder / "model.onnx", threads=1, exact_decode=exact)


def test_the_contract_decides(photo: Image.Image, tmp_path: Path) -> None:
    data = encoded(photo)
    full = scorer(tmp_path / "full", "full").score(data)
    reduced = scorer(tmp_path / "reduced", "jpeg-reduced")
    assert reduced.score(data) == reduced.score(read_photo(data, fit=(artifacts.HEIGHT, artifacts.WIDTH)))
    assert reduced.score(data) != full
    assert scorer(tmp_path / "reduced", "jpeg-reduced", exact=True).score(data) == full
