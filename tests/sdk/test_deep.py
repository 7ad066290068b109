"""Pictures of more than 8 bits a sample: all their bits count."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk.decode import open_image
from mobileiqa_sdk.deep import read_samples
from mobileiqa_sdk.photo import read_photo

from . import icc
from .png_files import png_of

RNG = np.random.default_rng(7)
DARK = (RNG.random((40, 48, 3)) ** 3 * 9000).astype(np.uint16)
WIDE = RNG.integers(0, 65536, (40, 48, 3)).astype(np.uint16)
P3_TO_SRGB = np.linalg.inv(icc.to_xyz_d50(icc.SRGB)) @ icc.to_xyz_d50(icc.DISPLAY_P3)


def encode(x):
    x = np.clip(x, 0, 1)
    return 255 * np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def pixels(photo):
    return np.asarray(read_photo(photo)).astype(int)


def tiff(values, photometric="rgb", **options):
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric=photometric, metadata=None, **options)
    return file.getvalue()


def iccp(profile):
    import zlib

    return b"iCCP", b"name\0\0" + zlib.compress(profile)


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("values", [DARK, WIDE, np.full((32, 32, 3), 65535, np.uint16)])
def test_a_profile_is_applied_to_all_bits(gamma, values):
    profile = icc.matrix_profile(icc.DISPLAY_P3, gamma)
    exponent = round(gamma * 256) / 256
    expected = encode((values / 65535) ** exponent @ P3_TO_SRGB.T)
    for file in (png_of(values, iccp(profile)), tiff(values, iccprofile=profile)):
        result = pixels(file)
        far = np.abs(result - expected)
        # Colours outside sRGB are interpolated between clipped ones; littlecms limits slopes near black.
        assert far.max() <= (4 if gamma == 1 else 6)
        assert far.mean() < 0.5
        assert abs((result - expected).mean()) < 0.2


def test_a_profile_of_8_bits_would_not_do():
    profile = icc.matrix_profile(icc.SRGB, 1.0)
    fine = pixels(png_of(DARK, iccp(profile)))
    coarse = pixels(png_of(np.rint(DARK / 257).astype(np.uint8), iccp(profile)))
    assert np.abs(fine - encode(DARK / 65535)).max() <= 1.5
    assert np.abs(coarse - fine).max() > 4


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_grey_profiles_are_applied_to_all_bits(gamma):
    grey = DARK[:, :, 0]
    expected = encode((grey / 65535) ** (round(gamma * 256) / 256))[:, :, None]
    for profile in (icc.grey_profile(gamma), icc.matrix_profile(icc.DISPLAY_P3, gamma)):
        assert np.abs(pixels(png_of(grey, iccp(profile))) - expected).max() <= (1.5 if gamma == 1 else 8)
    image = Image.fromarray(grey)
    image.info["icc_profile"] = icc.grey_profile(gamma)
    np.testing.assert_array_equal(pixels(image), pixels(png_of(grey, iccp(icc.grey_profile(gamma)))))


def test_cmyk_profiles_are_applied_to_all_bits():
    profile = icc.cmyk_profile(lambda c, m, y, k: (95 * (1 - k) * (3 - c - m - y) / 3 + 2, 0, 0))
    ramp = np.zeros((40, 300, 4), np.uint16)
    ramp[:, :, 3] = np.linspace(0, 65535, 300).astype(np.uint16)
    result = pixels(tiff(ramp, "separated", iccprofile=profile))
    steps = np.abs(np.diff(result[0, :, 1]))
    assert steps.max() <= 2
    exact = ramp.copy()
    exact[:, :, 3] -= exact[:, :, 3] % 257
    image = Image.frombytes("CMYK", (300, 40), (exact // 257).astype(np.uint8).tobytes())
    image.info["icc_profile"] = profile
    np.testing.assert_array_equal(pixels(tiff(exact, "separated", iccprofile=profile)), pixels(image))


def test_values_of_8_bits_come_out_as_of_8_bits():
    values = RNG.integers(0, 256, (40, 48, 3)).astype(np.uint8)
    profile = icc.matrix_profile(icc.ADOBE_RGB, icc.ADOBE_GAMMA)
    deep = png_of(values.astype(np.uint16) * 257, iccp(profile))
    np.testing.assert_array_equal(pixels(deep), pixels(png_of(values, iccp(profile))))


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"tile": (16, 16)},
        {"rowsperstrip": 7},
    ],
)
@pytest.mark.parametrize(
    ("channels", "photometric", "more"),
    [
        (3, "rgb", {}),
        (4, "rgb", {"extrasamples": ["unassalpha"]}),
        (4, "rgb", {"extrasamples": ["unspecified"]}),
        (4, "separated", {}),
    ],
)
def test_the_samples_of_a_tiff_are_exact(byteorder, options, channels, photometric, more):
    values = RNG.integers(0, 65536, (40, 48, channels)).astype(np.uint16)
    file = tiff(values, photometric, byteorder=byteorder, **options, **more)
    samples = read_samples(open_image(file), file)
    if more == {"extrasamples": ["unassalpha"]}:
        np.testing.assert_array_equal(samples.colour, values[:, :, :3])
        np.testing.assert_array_equal(samples.alpha, np.rint(values[:, :, 3] / 257))
    else:
        np.testing.assert_array_equal(samples.colour, values[:, :, : 4 if photometric == "separated" else 3])
        assert samples.alpha is None


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_premultiplied_colours(byteorder):
    colour = RNG.integers(0, 65536, (40, 48, 3))
    alpha = RNG.integers(0, 65536, (40, 48, 1))
    alpha[:8] = 0
    values = np.concatenate([colour * alpha // 65535, alpha], 2).astype(np.uint16)
    result = pixels(tiff(values, byteorder=byteorder, extrasamples=["assocalpha"]))
    expected = (colour * (alpha / 65535) + 65535 - alpha) / 257
    assert np.abs(result - expected).max() <= 2
    assert (result[:8] == 255).all()


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("bit_depth", [10, 12])
def test_heic_of_10_and_12_bits_is_read_with_all_its_bits(channels, bit_depth):
    pillow_heif = pytest.importorskip("pillow_heif")
    levels = 2**bit_depth - 1
    ramp = np.linspace(0, levels, 64).astype(np.uint16) << (16 - bit_depth)
    values = np.repeat(np.repeat(ramp[None, :, None], 48, 0), channels, 2)
    values[:, :, 3:] = 65535 >> (16 - bit_depth) << (16 - bit_depth)
    file = io.BytesIO()
    mode = {3: "RGB;16", 4: "RGBA;16"}[channels]
    image = pillow_heif.from_bytes(mode, (64, 48), values.tobytes())
    previous = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bit_depth == 12
    try:
        image.save(file, format="HEIF", quality=-1, matrix_coefficients=0, chroma=444)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = previous
    data = file.getvalue()
    opened = open_image(data)
    assert opened.info["bit_depth"] == bit_depth
    samples = read_samples(opened, data)
    expected = np.rint(np.linspace(0, levels, 64).astype(np.uint16) * 65535.0 / levels)
    assert np.abs(samples.colour[:, :, 1] - expected).max() <= 2 * 65535 / levels
    assert samples.colour.max() == 65535
    assert (samples.alpha is None) == (channels == 3)
    assert np.abs(pixels(data)[:, :, 1] - expected / 257).max() <= 1.5


def test_pictures_of_8_bits_have_no_samples():
    values = RNG.integers(0, 256, (40, 48, 3)).astype(np.uint8)
    for file in (png_of(values), png_of(values[:, :, 0]), tiff(values)):
        assert read_samples(open_image(file), file) is None


@pytest.mark.parametrize("top", [200, 255, 256, 65535])
def test_mode_i_of_8_or_16_bits(top):
    values = np.linspace(0, top, 40 * 48).astype(np.int32).reshape(40, 48)
    expected = values if top < 256 else np.rint(values / 257)
    np.testing.assert_array_equal(pixels(Image.fromarray(values))[:, :, 0], expected)


def test_a_dark_16_bit_png_is_not_taken_for_8_bits():
    values = np.full((40, 48), 200, np.uint16)
    assert pixels(png_of(values)).max() == 1
    image = Image.open(io.BytesIO(png_of(values)))
    assert pixels(image).max() == 1


def test_a_transparent_grey_of_16_bits():
    values = RNG.integers(0, 65536, (40, 48)).astype(np.uint16)
    key = int(values[3, 3])
    result = pixels(png_of(values, (b"tRNS", struct.pack(">H", key))))
    np.testing.assert_array_equal(result[:, :, 0], np.where(values == key, 255, np.rint(values / 257)))
