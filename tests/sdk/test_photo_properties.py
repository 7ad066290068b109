"""Whatever comes in, read_photo returns an sRGB image or raises a PhotoError."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes
from PIL import Image
from skimage import data

from mobileiqa_sdk import colour
from mobileiqa_sdk.errors import PhotoError
from mobileiqa_sdk.photo import MIN_SIDE, read_photo

from . import icc

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
SMALL = Image.fromarray(data.chelsea()).resize((48, 36))


def check(photo):
    try:
        image = read_photo(photo)
    except PhotoError:
        return
    assert image.mode == "RGB"
    assert min(image.size) >= MIN_SIDE
    assert len(image.tobytes()) == 3 * image.width * image.height


def seeds():
    tags = Image.Exif()
    tags[0x0112] = 6
    extra = {"exif": tags.tobytes(), "icc_profile": icc.matrix_profile(icc.DISPLAY_P3, 2.2)}
    alpha = SMALL.convert("RGBA")
    alpha.putalpha(SMALL.convert("L"))
    kinds = [
        ("JPEG", SMALL, extra),
        ("JPEG", SMALL, {"progressive": True}),
        ("MPO", SMALL, {"save_all": True, "append_images": [SMALL]}),
        ("PNG", alpha, extra),
        ("PNG", SMALL.quantize(16), {"transparency": 3}),
        ("WEBP", alpha, extra),
        ("WEBP", SMALL, {"lossless": True}),
        ("GIF", SMALL, {"save_all": True, "append_images": [SMALL.rotate(90)]}),
        ("TIFF", SMALL, extra),
        ("TIFF", SMALL, {"compression": "tiff_lzw"}),
        ("BMP", SMALL, {}),
        ("AVIF", SMALL, extra),
    ]
    Image.init()
    for kind, image, options in kinds:
        if kind in Image.SAVE:
            file = io.BytesIO()
            image.save(file, kind, **options)
            yield file.getvalue()


SEEDS = list(seeds())


@st.composite
def mutated(draw):
    file = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        # Most of what matters is near the start.
        at = draw(st.one_of(st.integers(0, min(len(file), 200)), st.integers(0, len(file))))
        length = draw(st.integers(1, 40))
        match draw(st.sampled_from(["flip", "cut", "end", "insert", "overwrite", "splice"])):
            case "flip" if at < len(file):
                file[at] ^= draw(st.integers(1, 255))
            case "cut":
                del file[at : at + length]
            case "end":
                del file[at:]
            case "insert":
                file[at:at] = draw(st.binary(min_size=1, max_size=40))
            case "overwrite":
                file[at : at + length] = draw(st.sampled_from([b"\0", b"\xff"])) * length
            case "splice":
                file[at:] = draw(st.sampled_from(SEEDS))[at:]
    return bytes(file)


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_damaged_files(action, capfd):
    """Also where warnings are errors; capfd: libtiff complains on the terminal."""

    @settings(relaxed, max_examples=400)
    @given(mutated())
    def run(file):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            check(file)

    run()


STARTS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"MM\0+", b""]
STARTS += [b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypheic"]


@relaxed
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_noise_behind_a_valid_start(start, noise):
    check(start + noise)


@relaxed
@given(st.integers(0, 127 + 400), st.binary(min_size=1, max_size=8))
def test_damaged_profiles(at, noise):
    profile = bytearray(icc.matrix_profile(icc.DISPLAY_P3, 2.2))
    profile[at : at + len(noise)] = noise
    image = SMALL.copy()
    image.info["icc_profile"] = bytes(profile)
    assert colour.to_srgb(image).size == SMALL.size


DTYPES = st.one_of(scalar_dtypes(), st.sampled_from([np.dtype(np.uint8), np.dtype(np.float32)]))
SHAPES = st.one_of(
    array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=8),
    st.sampled_from([(32, 33), (33, 32, 1), (32, 32, 3), (40, 32, 4), (3, 40, 40)]),
)


@relaxed
@given(arrays(DTYPES, SHAPES))
def test_any_array(array):
    before = array.copy()
    check(array)
    np.testing.assert_array_equal(array, before)


MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"]
MODES += ["I", "F", "I;16", "I;16B", "I;16L", "I;16N"]
COLOURS = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535))
VALUES = st.one_of(st.none(), st.integers(-1, 300), st.binary(max_size=20), st.text(max_size=5), COLOURS)
KEYS = st.sampled_from(["transparency", "icc_profile", "exif", "xmp"])


@relaxed
@given(
    st.sampled_from(MODES),
    st.tuples(st.integers(0, 50), st.integers(0, 50)),
    st.dictionaries(KEYS, VALUES),
)
def test_any_pil_image(mode, size, info):
    image = Image.new(mode, size)
    image.info.update(info)
    check(image)


@relaxed
@given(
    st.one_of(st.text(max_size=30), st.binary(max_size=30), st.none(), st.floats(), st.lists(st.integers()))
)
def test_any_small_object(thing):
    check(thing)
