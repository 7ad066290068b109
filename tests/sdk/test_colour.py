"""ICC profiles, modes and alpha: colour.to_srgb."""

import io
import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, features
from skimage import data

from mobileiqa_sdk import colour
from mobileiqa_sdk._refusal import Refusal
from mobileiqa_sdk.colour import to_srgb
from mobileiqa_sdk.errors import PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import read_photo

from . import icc
from .png_files import png

# Linear Display P3 and Adobe RGB (1998) -> linear sRGB, white D65, from the sample code of CSS Color Level 4.
P3_TO_SRGB = np.array(
    [
        [1.2249401762805598, -0.22494017628055996, 0.0],
        [-0.042056954709688163, 1.0420569547096881, 0.0],
        [-0.019637554590334432, -0.078636045550631889, 1.0982736001409663],
    ]
)
ADOBE_TO_SRGB = np.array([[1.39835574, -0.39835574, 0.0], [0.0, 1.0, 0.0], [0.0, -0.04292899, 1.04292899]])
GRID = np.stack(np.meshgrid(*[np.linspace(0, 255, 8)] * 3), -1).reshape(-1, 1, 3).round().astype(np.uint8)
GRID = np.broadcast_to(GRID, (512, 40, 3))
RAMP = np.broadcast_to(np.arange(256, dtype=np.uint8), (40, 256))


def linear(encoded):
    x = encoded / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encode(x):
    x = np.clip(x, 0, 1)
    return 255 * np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)


def with_profile(pixels, profile, mode=None):
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if mode:
        image = image.convert(mode)
    image.info["icc_profile"] = profile
    return image


def pixels_of(image):
    result = to_srgb(image)
    assert result.mode == "RGB"
    return np.asarray(result).astype(int)


def test_display_p3_follows_the_published_matrix():
    image = with_profile(GRID, icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE))
    expected = encode(linear(GRID) @ P3_TO_SRGB.T)
    assert np.abs(pixels_of(image) - expected).max() <= 2
    assert np.abs(GRID - expected).max() > 30  # the test would not pass without a transform


def test_pure_p3_red_clips_to_srgb_red():
    image = with_profile(
        np.full((32, 32, 3), (255, 0, 0), np.uint8), icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    )
    assert pixels_of(image)[0, 0].tolist() == [255, 0, 0]


def test_adobe_rgb_follows_the_published_matrix():
    image = with_profile(GRID, icc.matrix_profile(icc.ADOBE_RGB, icc.ADOBE_GAMMA))
    expected = encode((GRID / 255) ** icc.ADOBE_GAMMA @ ADOBE_TO_SRGB.T)
    near_black = GRID.max(axis=-1) < 40  # littlecms limits the infinite slope of a pure power there
    assert np.abs(pixels_of(image) - expected)[~near_black].max() <= 2


@pytest.mark.parametrize(
    "profile",
    [
        icc.matrix_profile(icc.SRGB, icc.SRGB_CURVE),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
)
def test_srgb_profiles_change_and_cost_nothing(profile):
    image = with_profile(data.astronaut(), profile)
    assert to_srgb(image) is image
    grey = with_profile(RAMP, profile)
    np.testing.assert_array_equal(pixels_of(grey)[:, :, 0], RAMP)


def test_gamma_22_is_not_taken_for_srgb():
    image = with_profile(GRID, icc.matrix_profile(icc.SRGB, 2.19921875))
    assert np.abs(pixels_of(image) - GRID).max() > colour.IDENTITY


@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_grey_profiles(gamma):
    expected = encode((RAMP / 255) ** gamma)
    result = pixels_of(with_profile(RAMP, icc.grey_profile(gamma)))
    assert (result.max(axis=-1) == result.min(axis=-1)).all()
    assert np.abs(result[:, :, 0] - expected)[RAMP > 20].max() <= 2


def test_grey_image_with_rgb_profile_gets_its_tone_curve():
    result = pixels_of(with_profile(RAMP, icc.matrix_profile(icc.DISPLAY_P3, 1.8)))
    assert np.abs(result[:, :, 1] - encode((RAMP / 255) ** 1.8))[RAMP > 20].max() <= 2


def test_cmyk_profile_with_black_point_compensation():
    def inks(c, m, y, k):
        ink = 0.9 if k else 0.3 * (c + m + y)
        return (95 * (1 - ink) + 5 * ink, -30 * c * (1 - k), 0)  # a black ink of L* = 14, as printed

    profile = icc.cmyk_profile(inks)
    image = Image.new("CMYK", (40, 40), (0, 0, 0, 255))
    image.info["icc_profile"] = profile
    assert pixels_of(image).max() <= 12, "black must arrive as black, not as printed grey"
    image = Image.new("CMYK", (40, 40), (0, 0, 0, 0))
    image.info["icc_profile"] = profile
    assert pixels_of(image).min() >= 245, "paper is white"
    image = Image.new("CMYK", (40, 40), (255, 0, 0, 0))
    image.info["icc_profile"] = profile
    red, green, blue = pixels_of(image)[0, 0]
    assert red < green
    assert red < blue


def test_cmyk_without_profile_is_converted_as_pillow_does():
    image = Image.fromarray(data.chelsea()).convert("CMYK")
    np.testing.assert_array_equal(pixels_of(image), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        bytes(200),
        icc.matrix_profile(icc.DISPLAY_P3, 2.2)[:200],
        icc.matrix_profile(icc.DISPLAY_P3, 2.2)[:100],
        icc.grey_profile(2.2),  # of grey, on an RGB photo
        icc.cmyk_profile(lambda c, m, y, k: (50, 0, 0)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        "text",
        b"",
        None,
    ],
)
def test_unusable_profiles_are_ignored(profile, caplog):
    image = with_profile(data.chelsea(), profile)
    with caplog.at_level(logging.DEBUG, "mobileiqa_sdk"):
        assert to_srgb(image) is image
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_profile_in_a_file_is_honoured_in_every_format_that_carries_one():
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    image = Image.fromarray(np.ascontiguousarray(GRID))
    expected = encode(linear(GRID) @ P3_TO_SRGB.T)
    for kind, options in {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True, "exact": True}}.items():
        file = io.BytesIO()
        image.save(file, kind, icc_profile=profile, **options)
        assert np.abs(np.asarray(read_photo(file.getvalue())) - expected).max() <= 2, kind
    file = io.BytesIO()
    image.save(file, "JPEG", icc_profile=profile, quality=100, subsampling=0)
    assert np.abs(np.asarray(read_photo(file.getvalue())) - expected).mean() < 2


@pytest.fixture
def built(monkeypatch):
    """The profiles whose transforms are built, with nothing kept before."""
    profiles = []
    build = colour._conversion

    def counted(profile, *how):
        profiles.append(profile)
        return build(profile, *how)

    monkeypatch.setattr(colour, "_conversion", counted)
    monkeypatch.setattr(colour, "_conversions", colour._Conversions())
    return profiles


def test_transforms_are_built_once_per_profile(built):
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    for _ in range(3):
        to_srgb(with_profile(GRID, bytes(bytearray(profile))))
    assert len(built) == 1


def test_the_profiles_used_last_are_kept(built):
    profiles = [icc.matrix_profile(icc.DISPLAY_P3, 1 + number / 8) for number in range(9)]
    for profile in profiles[:8] + profiles[:1] + profiles[8:]:  # the first is used again before the last
        to_srgb(with_profile(GRID, profile))
    assert built == profiles
    to_srgb(with_profile(GRID, profiles[0]))
    assert len(built) == 9
    to_srgb(with_profile(GRID, profiles[1]))
    assert built[9:] == [profiles[1]]


def test_kept_profiles_are_bounded_in_bytes(built):
    base = icc.matrix_profile(icc.DISPLAY_P3, 2.2)
    for number in range(5):
        padded = base + bytes([number]) * (colour.MAX_PROFILE - len(base))
        expected = pixels_of(with_profile(GRID, base))
        np.testing.assert_array_equal(pixels_of(with_profile(GRID, padded)), expected)
        assert colour._conversions.size <= colour.CACHE_BYTES
    assert colour._conversions.size > colour.CACHE_BYTES / 2


def test_a_profile_longer_than_the_limit_is_ignored(built):
    base = icc.matrix_profile(icc.DISPLAY_P3, 2.2)
    longest = base + bytes(colour.MAX_PROFILE - len(base))
    assert to_srgb(with_profile(GRID, longest)) is not None
    assert len(built) == 1
    image = with_profile(GRID, longest + b"\0")
    assert to_srgb(image) is image
    assert len(built) == 1


def test_memory_that_runs_out_is_not_a_broken_profile(monkeypatch):
    def exhausted(*args, **options):
        raise MemoryError

    monkeypatch.setattr(ImageCms, "ImageCmsTransform", exhausted)
    profile = icc.matrix_profile(icc.DISPLAY_P3, 1.9)
    with pytest.raises(MemoryError):
        to_srgb(with_profile(GRID, profile))
    monkeypatch.undo()
    assert np.abs(pixels_of(with_profile(GRID, profile)) - GRID).max() > 10, "the failure was kept"


def test_the_intent_is_relative_colorimetric():
    def lab(red, green, blue, a):
        return (100 * (red + green + blue) / 3, a * red * (1 - green) * (1 - blue), 0)

    profile = icc.rgb_lut_profile(
        perceptual=lambda *rgb: lab(*rgb, a=60), relative=lambda *rgb: lab(*rgb, a=-60)
    )
    red, green, _ = pixels_of(with_profile(np.full((32, 32, 3), (255, 0, 0), np.uint8), profile))[0, 0]
    assert green > red + 50, "the perceptual table says reddish, the relative one greenish"


def png_with_profile(profile, crc=None, method=b"\0"):
    body = b"name\0" + method + zlib.compress(profile)
    file = png(8, 2, bytes(range(120)), (b"iCCP", body))
    if crc is not None:
        at = file.index(b"iCCP") + 4 + len(body)
        file = file[:at] + crc + file[at + 4 :]
    return file


P3 = icc.matrix_profile(icc.DISPLAY_P3, 1.8)


@pytest.mark.parametrize("length", [len(P3), 2**20 - 1, 2**20, 2**20 + 1, 2**22])
def test_png_profiles_up_to_the_limit_are_honoured(length):
    plain = np.asarray(read_photo(png_with_profile(b"")))
    with_p3 = np.asarray(read_photo(png_with_profile(P3)))
    assert np.abs(plain.astype(int) - with_p3).max() > 10
    result = np.asarray(read_photo(png_with_profile(P3 + bytes(length - len(P3)))))
    np.testing.assert_array_equal(result, with_p3)


@pytest.mark.parametrize(
    "file",
    [
        png_with_profile(P3 + bytes(2**22 + 1 - len(P3))),
        png_with_profile(bytes(2**26)),
        png_with_profile(P3, method=b"\7"),
        png(8, 2, bytes(range(120)), (b"iCCP", b"no end")),
        png(8, 2, bytes(range(120)), (b"iCCP", b"name\0")),
        png(8, 2, bytes(range(120)), (b"iCCP", b"name\0\0damaged")),
        png(8, 2, bytes(range(120)), (b"iCCP", b"")),
        png(8, 2, bytes(range(120)), (b"iCCP", b"name\0\0" + zlib.compress(bytes(2**21))[:-9])),
    ],
)
def test_a_profile_never_costs_a_png(file):
    expected = read_photo(png(8, 2, bytes(range(120))))
    np.testing.assert_array_equal(np.asarray(read_photo(file)), np.asarray(expected))


def test_a_damaged_checksum_of_a_profile_is_no_reason_to_lose_it_or_the_photo():
    expected = np.asarray(read_photo(png_with_profile(P3)))
    np.testing.assert_array_equal(np.asarray(read_photo(png_with_profile(P3, crc=b"oops"))), expected)


def test_without_littlecms_profiles_are_ignored_with_one_warning(monkeypatch, caplog):
    monkeypatch.setattr(features, "check", lambda name: False)
    monkeypatch.setattr(colour, "_has_warned", False)
    image = with_profile(GRID, icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE))
    assert to_srgb(image) is image
    assert to_srgb(image) is image
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_alpha_keeps_its_profile():
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    image = with_profile(GRID, profile, "RGBA")
    image.putalpha(128)
    opaque = pixels_of(with_profile(GRID, profile))
    assert np.abs(pixels_of(image) - (opaque * 128 + 255 * 127) / 255).max() <= 1


CAT = data.chelsea()[:200, :300]
ALPHA = np.linspace(0, 255, 200 * 300).reshape(200, 300).astype(np.uint8)


def over_white(rgb, alpha):
    weight = alpha[:, :, None] / 255
    return rgb * weight + 255 * (1 - weight)


def test_rgb_comes_back_as_the_same_object():
    image = Image.fromarray(CAT)
    assert to_srgb(image) is image


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"])
def test_modes_without_alpha(mode):
    image = Image.fromarray(CAT)
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), lab, "RGB", "LAB")
        image = ImageCms.applyTransform(image, transform)
    else:
        image = image.convert(mode)
    before = image.tobytes()
    np.testing.assert_array_equal(pixels_of(image), np.asarray(image.convert("RGB")))
    assert image.tobytes() == before
    if mode not in ("1", "L", "P"):
        assert np.abs(pixels_of(image) - CAT).max() < 12


@pytest.mark.parametrize("mode", ["RGBA", "RGBa", "LA", "La"])
def test_alpha_is_shown_over_white(mode):
    rgb = (
        CAT
        if mode[:3] == "RGB"
        else np.repeat(np.asarray(Image.fromarray(CAT).convert("L"))[:, :, None], 3, 2)
    )
    image = Image.fromarray(CAT).convert("RGBA" if mode[:3] == "RGB" else "LA")
    image.putalpha(Image.fromarray(ALPHA))
    tolerance = 1
    if mode.endswith("a"):
        image, tolerance = image.convert(mode), 2
    assert np.abs(pixels_of(image) - over_white(rgb, ALPHA)).max() <= tolerance
    assert pixels_of(image)[0, 0].tolist() == [255, 255, 255]


def test_opaque_alpha_changes_nothing():
    np.testing.assert_array_equal(pixels_of(Image.fromarray(CAT).convert("RGBA")), CAT)


def test_palette_with_alpha():
    image = Image.fromarray(CAT).quantize(16).convert("PA")
    image.putalpha(Image.fromarray(ALPHA))
    expected = over_white(np.asarray(image.convert("RGB")), ALPHA)
    assert np.abs(pixels_of(image) - expected).max() <= 1


@pytest.mark.parametrize("transparency", [3, bytes([0, 255, 100, 7]), bytes(16)])
@pytest.mark.filterwarnings("error")
def test_palette_with_transparency(transparency):
    image = Image.fromarray(CAT).quantize(16)
    index = np.asarray(image)
    image.info["transparency"] = transparency
    alphas = np.full(256, 255)
    if isinstance(transparency, int):
        alphas[transparency] = 0
    else:
        alphas[: len(transparency)] = list(transparency)
    opaque = np.array(image.getpalette()).reshape(-1, 3)[index]
    assert np.abs(pixels_of(image) - over_white(opaque, alphas[index])).max() <= 1


@pytest.mark.parametrize(("mode", "key"), [("L", 100), ("RGB", (10, 20, 30))])
def test_transparent_colour(mode, key):
    image = Image.fromarray(CAT).convert(mode)
    image.paste(key, (0, 0, 40, 40))
    image.info["transparency"] = key
    result = pixels_of(image)
    hidden = np.asarray(image.convert("RGB") if mode == "RGB" else image.convert("L"))
    hidden = (hidden == key).all(-1) if mode == "RGB" else hidden == key
    assert (result[hidden] == 255).all()
    np.testing.assert_array_equal(result[~hidden], np.asarray(image.convert("RGB"))[~hidden])


@pytest.mark.parametrize("alike", [(1000, 2000, 40000), (1001, 2000, 40000), (1000, 2000, 40256)])
def test_a_transparent_colour_of_16_bits_is_compared_in_16_bits(alike):
    key = (1000, 2000, 40000)
    row = struct.pack(">6H", *key, *alike) * 20
    result = np.asarray(read_photo(png(16, 2, row, (b"tRNS", struct.pack(">3H", *key)))))
    assert result[0, 0].tolist() == [255, 255, 255]
    expected = [255] * 3 if alike == key else [round(level / 257) for level in alike]
    assert result[0, 1].tolist() == expected


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("unused_bits", [0, 0x100, 0xF00])
def test_a_transparent_grey_of_every_depth(depth, unused_bits):
    top = 2**depth - 1
    for key in {0, 1, top}:
        levels = np.arange(40) % (top + 1)
        bits = (levels[:, None] >> np.arange(depth)[::-1]) & 1
        row = np.packbits(bits.astype(np.uint8)).tobytes()
        result = np.asarray(read_photo(png(depth, 0, row, (b"tRNS", struct.pack(">H", key | unused_bits)))))
        expected = np.where(levels == key, 255, levels * 255 // top)
        np.testing.assert_array_equal(result[7, :, 0], expected, err_msg=str(key))


def test_a_transparent_colour_of_8_bits_ignores_the_bits_above():
    row = bytes([10, 20, 30, 11, 20, 30]) * 20
    result = np.asarray(read_photo(png(8, 2, row, (b"tRNS", struct.pack(">3H", 0x10A, 0x214, 30)))))
    assert result[0, :2].tolist() == [[255, 255, 255], [11, 20, 30]]


def test_a_malformed_transparency_is_ignored_and_a_damaged_one_refused():
    row = bytes([10, 20, 30]) * 40
    file = png(8, 2, row, (b"tRNS", b"\0\12\0\24\0"))
    np.testing.assert_array_equal(np.asarray(read_photo(file)), np.asarray(read_photo(png(8, 2, row))))
    file = bytearray(png(8, 2, row, (b"tRNS", struct.pack(">3H", 1, 2, 3))))
    file[file.index(b"tRNS") + 5] ^= 1
    with pytest.raises(PhotoUnreadable):
        read_photo(bytes(file))


def test_16_bit_grey_png_is_rounded_and_its_transparent_grey_is_white():
    values = [0, 128, 129, 257, 32767, 32768, 65406, 65407, 65535, 1000]
    row = struct.pack(">10H", *values) * 4
    result = np.asarray(read_photo(png(16, 0, row, (b"tRNS", struct.pack(">H", 1000)))))
    assert result[0, :10, 0].tolist() == [*(round(value / 257) for value in values[:-1]), 255]


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N", "I"])
def test_16_bit_grey_in_every_byte_order(mode):
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    image = Image.new(mode, (64, 64))
    for (row, column), value in np.ndenumerate(values):
        image.putpixel((column, row), int(value))
    np.testing.assert_array_equal(pixels_of(image)[:, :, 1], np.rint(values / 257))


@pytest.mark.parametrize("bad", [-1, 65536, 2**31 - 1, -(2**31)])
def test_32_bit_integers_beyond_16_bits_are_refused(bad):
    image = Image.new("I", (40, 40), 5)
    image.putpixel((3, 3), bad)
    with pytest.raises(Refusal, match=str(bad)) as caught:
        to_srgb(image)
    assert caught.value.error is PhotoUnsupported


def test_float_images_between_0_and_1():
    ramp = np.linspace(0, 1, 40 * 40, dtype=np.float32).reshape(40, 40)
    np.testing.assert_array_equal(pixels_of(Image.fromarray(ramp))[:, :, 2], np.rint(ramp * 255))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.1, 1.5, 255])
def test_float_images_beyond_are_refused(bad):
    image = Image.new("F", (40, 40), 0.5)
    image.putpixel((0, 7), bad)
    with pytest.raises(Refusal, match=r"\[0, 1\]") as caught:
        to_srgb(image)
    assert caught.value.error is PhotoUnsupported


def test_profile_of_a_lab_image_is_not_applied_twice():
    image = Image.new("LAB", (40, 40), (128, 0, 0))
    image.info["icc_profile"] = icc.matrix_profile(icc.DISPLAY_P3, 1.0)
    np.testing.assert_array_equal(pixels_of(image), np.asarray(image.convert("RGB")))


def test_nothing_passed_in_is_modified():
    image = with_profile(GRID, icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE))
    before, info = image.tobytes(), dict(image.info)
    ImageOps.mirror(to_srgb(image))
    assert (image.tobytes(), image.info) == (before, info)
