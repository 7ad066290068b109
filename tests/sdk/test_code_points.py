"""Colours described by code points, gamma and chromaticities: the numbers of the standards."""

import io
import struct
import sys
import types
import zlib

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import code_points, isobmff
from mobileiqa_sdk.photo import read_photo

from . import icc
from .png_files import png_of

# The published matrices from BT.709 to the others: ITU-R BT.2087-0; CSS Color 4, inverted.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
TO_P3 = np.linalg.inv(
    [
        [1.2249401762805598, -0.22494017628055996, 0.0],
        [-0.042056954709688163, 1.0420569547096881, 0.0],
        [-0.019637554590334432, -0.078636045550631889, 1.0982736001409663],
    ]
)
LUMINANCE_2020 = np.array([0.2627, 0.6780, 0.0593])  # BT.2020-2, table 4
LUMINANCE = {1: [0.2126, 0.7152, 0.0722], 9: LUMINANCE_2020, 12: [0.2290, 0.6917, 0.0793]}
PICTURE = np.random.default_rng(15).integers(0, 256, (40, 48, 3)).astype(np.uint8)
GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None], 32, 0)


def light(encoded):
    x = encoded / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def srgb(linear):
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )


def pq(linear):
    """SMPTE ST 2084, from 1 as 203 cd/m2."""
    y = (np.maximum(linear, 0) * 203 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(linear, weights=LUMINANCE_2020):
    """BT.2100, table 5: the inverse OOTF of a display of 1,000 cd/m2, then the OETF."""
    display = np.maximum(linear, 0) * 203 / 1_000
    luminance = (display @ weights)[..., None] if display.shape[-1] == 3 else display
    scene = display * np.maximum(luminance, 1e-12) ** ((1 - 1.2) / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


CURVES = {
    1: srgb,
    4: lambda linear: linear ** (1 / 2.2),
    5: lambda linear: linear ** (1 / 2.8),
    6: srgb,
    8: lambda linear: linear,
    13: srgb,
    16: pq,
    18: hlg,
}


def deep(values):
    return np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)


def cicp(primaries, transfer, matrix=0, full_range=1):
    return b"cICP", bytes([primaries, transfer, matrix, full_range])


def gama(gamma):
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chrm(primaries):
    numbers = (*icc.D65, *primaries[0], *primaries[1], *primaries[2])
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def pixels(photo):
    return np.asarray(read_photo(photo)).astype(int)


def off_by(photo, expected):
    return np.abs(pixels(photo) - expected).max()


@pytest.mark.parametrize("transfer", CURVES)
@pytest.mark.parametrize(("primaries", "matrix"), [(1, np.eye(3)), (9, TO_BT2020), (12, TO_P3)])
def test_cicp_of_16_bits(transfer, primaries, matrix):
    linear = np.maximum(light(PICTURE) @ matrix.T, 0)
    encoded = hlg(linear, LUMINANCE[primaries]) if transfer == 18 else CURVES[transfer](linear)
    assert off_by(png_of(deep(encoded), cicp(primaries, transfer)), PICTURE) <= 1


@pytest.mark.parametrize("transfer", CURVES)
def test_cicp_of_grey(transfer):
    encoded = deep(CURVES[transfer](light(GREYS[:, :, None]))[:, :, 0])
    assert off_by(png_of(encoded, cicp(9, transfer)), GREYS[:, :, None]) <= 1


def test_published_points_of_the_curves():
    points = {
        16: [(0, 0), (0.508078, 100 / 203), (0.751827, 1000 / 203), (1, 10_000 / 203)],
        18: [(0, 0), (0.5, 1 / 12), (0.75, 0.26496256), (1, 1)],
        9: [(0, 0), (0.5, 0.1), (1, 1)],
        10: [(0, 0), (0.6, 0.1), (1, 1)],
        17: [(0, 0), (1, 52.37 / 48)],
    }
    for transfer, pairs in points.items():
        values, expected = np.array(pairs).T
        np.testing.assert_allclose(
            code_points._CURVES[transfer](values), expected, rtol=2e-4, err_msg=transfer
        )


def test_hlg_shows_its_reference_white_as_white():
    photo = png_of(np.full((32, 32, 3), round(0.75 * 65535), np.uint16), cicp(9, 18))
    assert off_by(photo, 255) <= 1
    photo = png_of(np.full((32, 32, 3), round(0.7 * 65535), np.uint16), cicp(9, 18))
    assert pixels(photo).max() < 240


@pytest.mark.parametrize("transfer", [16, 18])
def test_highlights_are_clipped(transfer):
    photo = png_of(np.full((32, 32, 3), 60000, np.uint16), cicp(9, transfer))
    assert (pixels(photo) == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_narrow_range(dtype):
    levels, black, white = (16, 16, 235) if dtype == np.uint8 else (4096, 4096, 60160)
    values = np.full((32, 32, 3), black, dtype)
    values[:, 16:] = white
    values[16:] = levels - 1  # below black
    result = pixels(png_of(values, cicp(1, 13, full_range=0)))
    assert (result[:16, :16] == 0).all()
    assert (result[:16, 16:] == 255).all()
    assert (result[16:] == 0).all()
    bright = np.full((32, 32, 3), white - (white - black) // 8, dtype)
    assert off_by(png_of(bright, cicp(1, 13, full_range=0)), 255 * 7 / 8) <= (
        0.6 if dtype == np.uint16 else 1.1
    )


@pytest.mark.parametrize("primaries", sorted(code_points._PRIMARIES))
def test_white_stays_white_and_grey_grey(primaries):
    photo = png_of(np.repeat(GREYS[:, :, None], 3, 2), cicp(primaries, 13))
    assert off_by(photo, GREYS[:, :, None]) <= 1


@pytest.mark.parametrize(
    "body", [bytes([9, 16, 1, 1]), bytes([9, 16, 0, 2]), bytes([9, 16, 0]), bytes([3, 16, 0, 1]),
             bytes([9, 3, 0, 1]), bytes([9, 19, 0, 1]), bytes([9, 16, 0, 1, 0]), b""],
)  # fmt: skip
def test_an_invalid_cicp_is_ignored(body):
    assert off_by(png_of(PICTURE, (b"cICP", body)), PICTURE) == 0
    other = pixels(png_of(PICTURE, gama(1.0)))
    assert off_by(png_of(PICTURE, (b"cICP", body), gama(1.0)), other) == 0


@pytest.mark.parametrize("transfer", [1, 2, 6, 7, 13, 14, 15])
@pytest.mark.parametrize("primaries", [1, 2])
def test_what_is_srgb_stays_bit_for_bit(primaries, transfer):
    image = Image.open(io.BytesIO(png_of(PICTURE)))
    image.info["nclx_profile"] = {"color_primaries": primaries, "transfer_characteristics": transfer}
    assert read_photo(image) is image
    assert off_by(png_of(PICTURE, cicp(primaries, transfer)), PICTURE) == 0


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.0, 2.6])
def test_gamma_of_every_kind_of_png(gamma):
    encoded = light(PICTURE) ** (1 / gamma)
    assert off_by(png_of(deep(encoded), gama(1 / gamma)), PICTURE) <= 1
    coarse = np.rint(encoded * 255).astype(np.uint8)
    expected = np.rint(255 * srgb((coarse / 255) ** gamma))
    assert off_by(png_of(coarse, gama(1 / gamma)), expected) <= 1
    assert off_by(png_of(coarse[:, :, 0], gama(1 / gamma)), expected[:, :, :1]) <= 1
    palette = coarse.reshape(-1, 3)[:256]
    indices = np.arange(32 * 32).reshape(32, 32) % 256
    photo = png_of(indices.astype(np.uint8), gama(1 / gamma), (b"PLTE", palette.tobytes()), kind=3)
    assert off_by(photo, expected.reshape(-1, 3)[indices]) <= 1
    alpha = np.full((*coarse.shape[:2], 1), 128, np.uint8)
    over_white = (expected * 128 + 255 * 127) / 255
    assert off_by(png_of(np.concatenate([coarse, alpha], 2), gama(1 / gamma)), over_white) <= 1.5
    with_alpha = np.concatenate([deep(encoded), alpha.astype(np.uint16) * 257], 2)
    assert off_by(png_of(with_alpha, gama(1 / gamma)), (PICTURE * 128.0 + 255 * 127) / 255) <= 1.5


@pytest.mark.parametrize("gamma", [0.45455, 0.45, 0.459])
def test_the_gamma_that_stands_for_srgb_is_srgb(gamma):
    assert off_by(png_of(PICTURE, gama(gamma), chrm(icc.SRGB)), PICTURE) == 0


def test_other_gammas_near_it_are_not():
    assert off_by(png_of(PICTURE, gama(0.47)), PICTURE) > 2
    assert off_by(png_of(PICTURE, gama(0.44)), PICTURE) > 2


@pytest.mark.parametrize("chunks", [(gama(1 / 2.2), chrm(icc.DISPLAY_P3)), (chrm(icc.DISPLAY_P3),)])
def test_chromaticities(chunks):
    encoded = deep(srgb(light(PICTURE) @ TO_P3.T))
    assert off_by(png_of(encoded, *chunks), PICTURE) <= 1


@pytest.mark.parametrize(
    "chunk",
    [
        (b"cHRM", bytes(32)),
        (b"cHRM", b"\xff" * 32),
        (b"cHRM", struct.pack(">8I", *[31270, 32900] * 4)),
        (b"cHRM", struct.pack(">8I", 80000, 10000, 64000, 33000, 30000, 60000, 15000, 6000)),
        (b"cHRM", struct.pack(">8i", 31270, 500, 10000, -40000, 70000, -40000, 30000, 60000)),
        (
            b"cHRM",
            struct.pack(">8i", 31270, 32900, 31200, 32800, 31350, 32850, 31270, 33000),
        ),
        (b"cHRM", b"short"),
        (b"gAMA", bytes(4)),
        (b"gAMA", b"\xff" * 4),
        (b"gAMA", b"\0"),
    ],
)
def test_senseless_numbers_are_ignored(chunk):
    assert off_by(png_of(PICTURE, chunk), PICTURE) == 0


def iccp(profile):
    return b"iCCP", b"name\0\0" + zlib.compress(profile)


def test_the_order_of_precedence_in_png():
    of = {
        "cicp": cicp(12, 13),
        "iccp": iccp(icc.matrix_profile(icc.ADOBE_RGB, 1.8)),
        "srgb": (b"sRGB", b"\0"),
        "gama": gama(1.0),
    }
    alone = {name: pixels(png_of(PICTURE, chunk)) for name, chunk in of.items()}
    names = list(of)
    assert all(np.abs(alone[a] - alone[b]).max() > 5 for a in names for b in names if a != b)
    for first in range(len(names)):
        chunks = [of[name] for name in names[first:]]
        for order in (chunks, chunks[::-1]):
            np.testing.assert_array_equal(pixels(png_of(PICTURE, *order)), alone[names[first]])
    # What cannot be used leaves the colours to the next.
    broken = [(b"cICP", b"\t\x10\t\1"), iccp(b"no profile")]
    np.testing.assert_array_equal(pixels(png_of(PICTURE, *broken, of["gama"])), alone["gama"])
    # An sRGB profile is a description like others.
    is_srgb = iccp(icc.matrix_profile(icc.SRGB, icc.SRGB_CURVE))
    assert off_by(png_of(PICTURE, is_srgb, of["gama"]), PICTURE) == 0
    assert off_by(png_of(PICTURE.astype(np.uint16) * 257, is_srgb, of["gama"]), PICTURE) == 0
    # Of two chunks the first.
    np.testing.assert_array_equal(pixels(png_of(PICTURE, of["gama"], gama(1 / 1.8))), alone["gama"])


def test_the_code_points_of_an_hdr_profile():
    def profile(*numbers):
        return icc.matrix_profile(icc.ADOBE_RGB, 2.4, cicp=b"cicp\0\0\0\0" + bytes(numbers))

    plain = pixels(png_of(PICTURE, iccp(icc.matrix_profile(icc.ADOBE_RGB, 2.4))))
    for transfer in (16, 18):
        encoded = deep(CURVES[transfer](light(PICTURE) @ TO_BT2020.T))
        assert off_by(png_of(encoded, iccp(profile(9, transfer, 0, 1))), PICTURE) <= 1
        image = Image.fromarray((encoded >> 8).astype(np.uint8))
        image.info["icc_profile"] = profile(9, transfer, 0, 1)
        assert np.abs(pixels(image) - PICTURE).mean() < 4
    for numbers in ((9, 13, 0, 1), (9, 16, 1, 1), (3, 16, 0, 1), ()):
        np.testing.assert_array_equal(pixels(png_of(PICTURE, iccp(profile(*numbers)))), plain)
    for length in range(0, len(profile(9, 16, 0, 1)), 3):
        code_points.from_icc(profile(9, 16, 0, 1)[:length])


def test_a_pil_image_is_read_like_its_file():
    for chunk in (gama(1.0), chrm(icc.DISPLAY_P3), (b"sRGB", b"\0")):
        file = png_of(PICTURE, chunk)
        np.testing.assert_array_equal(pixels(Image.open(io.BytesIO(file))), pixels(file))


@pytest.mark.parametrize("key", ["cicp", "nclx_profile", "srgb", "gamma", "chromaticity", "icc_profile"])
def test_a_text_of_the_name_of_a_description_is_none(key):
    file = png_of(PICTURE, (b"tEXt", key.encode() + b"\0text"))
    assert off_by(file, PICTURE) == 0
    assert off_by(Image.open(io.BytesIO(file)), PICTURE) == 0


def test_colour_chunks_behind_the_pixels_are_ignored():
    file = png_of(PICTURE, after=[gama(1.0), cicp(9, 16), (b"tRNS", struct.pack(">3H", *PICTURE[0, 0]))])
    assert off_by(file, PICTURE) == 0


def heic(values, mode="RGB;16", **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    height, width = values.shape[:2]
    file = io.BytesIO()
    image = pillow_heif.from_bytes(mode, (width, height), np.ascontiguousarray(values).tobytes())
    options = {"matrix_coefficients": 0, "full_range_flag": 1, "chroma": 444, **options}
    image.save(file, format="HEIF", quality=-1, **options)
    return file.getvalue()


_RISING = np.meshgrid(np.linspace(30, 220, 64), np.linspace(30, 220, 48))
SMOOTH = np.stack([*_RISING, np.full((48, 64), 120.0)], -1)


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"),
    [(9, 16, TO_BT2020), (9, 18, TO_BT2020), (12, 13, TO_P3), (1, 8, np.eye(3)), (1, 4, np.eye(3))],
)
def test_nclx_of_heic(primaries, transfer, matrix):
    encoded = deep(CURVES[transfer](light(SMOOTH) @ matrix.T))
    options = {"color_primaries": primaries, "transfer_characteristics": transfer}
    file = heic(encoded, **options)
    assert np.abs(pixels(file) - SMOOTH).mean() < 1
    np.testing.assert_array_equal(pixels(io.BytesIO(file)), pixels(file))


@pytest.mark.parametrize("mode", ["RGB", "RGB;16"])
def test_a_profile_of_heic(mode):
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    encoded = srgb(light(SMOOTH) @ TO_P3.T)
    values = deep(encoded) if mode == "RGB;16" else np.rint(255 * encoded).astype(np.uint8)
    assert np.abs(pixels(heic(values, mode, icc_profile=profile)) - SMOOTH).mean() < 1
    assert np.abs(pixels(heic(values, mode)) - SMOOTH).mean() > 3


def avif(values, primaries, transfer, **options):
    pytest.importorskip("PIL.AvifImagePlugin")
    file = io.BytesIO()
    Image.fromarray(values).save(file, "AVIF", quality=100, subsampling="4:4:4", **options)
    data = bytearray(file.getvalue())
    if b"nclx" in data:
        at = data.index(b"nclx") + 4
        data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"),
    [(9, 16, TO_BT2020), (9, 18, TO_BT2020), (12, 13, TO_P3), (1, 8, np.eye(3))],
)
def test_nclx_of_avif(primaries, transfer, matrix):
    encoded = np.rint(255 * CURVES[transfer](light(SMOOTH) @ matrix.T)).astype(np.uint8)
    # Pillow writes and decodes AVIF of 8 bits: a step of PQ is up to 4 of sRGB.
    assert np.abs(pixels(avif(encoded, primaries, transfer)) - SMOOTH).mean() < (4 if transfer == 16 else 2)
    assert np.abs(encoded - SMOOTH).mean() > 5


def test_a_profile_precedes_nclx():
    encoded = np.rint(255 * srgb(light(SMOOTH) @ TO_P3.T)).astype(np.uint8)
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    file = avif(encoded, 9, 16, icc_profile=profile)
    assert b"nclx" in file
    assert b"prof" in file
    assert np.abs(pixels(file) - SMOOTH).mean() < 1.5
    file = avif(encoded, 12, 13, icc_profile=b"no profile at all")
    assert np.abs(pixels(file) - SMOOTH).mean() < 1.5


@pytest.mark.parametrize(("bits", "mode"), [(10, "RGB"), (12, "RGB"), (10, "RGBA"), (12, "L")])
def test_all_bits_of_avif(bits, mode):
    imagecodecs = pytest.importorskip("imagecodecs")
    picture = SMOOTH[..., 0] if mode == "L" else SMOOTH
    values = np.rint(CURVES[16](light(picture)) * (2**bits - 1)).astype(np.uint16)
    if mode == "RGBA":
        values = np.dstack([values, np.full(values.shape[:2], 2**bits - 1, np.uint16)])
    options = {} if mode == "L" else {"pixelformat": "444"}
    data = bytearray(imagecodecs.avif_encode(values, bitspersample=bits, **options))
    at = data.index(b"nclx") + 4
    data[at : at + 4] = struct.pack(">HH", 1, 16)
    expected = np.repeat(picture[..., None], 3, -1) if mode == "L" else picture
    assert np.abs(pixels(bytes(data)) - expected).mean() < 0.5


@pytest.mark.parametrize("is_installed", [False, True])
def test_the_library_for_all_bits_of_avif_is_used_if_it_is_installed(is_installed, monkeypatch):
    values = np.rint(CURVES[16](light(SMOOTH)) * 1023).astype(np.uint16)
    data = avif((values >> 2).astype(np.uint8), 1, 16)
    properties = isobmff.read_properties(data)
    assert properties.bits == 8
    stub = types.SimpleNamespace(avif_decode=lambda data, index: values)
    monkeypatch.setitem(sys.modules, "imagecodecs", stub)
    monkeypatch.setattr("mobileiqa_sdk.deep.reads_all_bits", lambda: is_installed)
    monkeypatch.setattr("mobileiqa_sdk.avif.read_properties", lambda data: properties._replace(bits=10))
    difference = np.abs(pixels(data) - SMOOTH).mean()
    assert (difference < 0.5) == is_installed
    assert difference < 4


@pytest.mark.parametrize(("flags", "bits"), [(0x00, 8), (0x40, 10), (0x60, 12), (0x9F, 8), (0x20, 8)])
def test_the_bits_of_avif(flags, bits):
    data = bytearray(avif(SMOOTH.astype(np.uint8), 1, 13))
    data[data.index(b"av1C") + 6] = flags
    assert isobmff.read_properties(bytes(data)).bits == bits


RESERVED = [(0, 0), (3, 13), (9, 3), (9, 19), (255, 255), (65535, 65535)]


@pytest.mark.parametrize(("primaries", "transfer"), RESERVED)
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_reserved_numbers_cost_no_picture(primaries, transfer, bit_depth):
    if bit_depth == 8:
        values, mode = SMOOTH.astype(np.uint8), "RGB"
    else:
        values, mode = deep(SMOOTH / 255), "RGB;16"
    file = bytearray(heic(values, mode))
    at = file.index(b"nclx") + 4
    file[at : at + 4] = struct.pack(">HH", primaries, transfer)
    assert np.abs(pixels(bytes(file)) - SMOOTH).mean() < 1
    file[at - 4 : at] = b"what"
    assert np.abs(pixels(bytes(file)) - SMOOTH).mean() < 12  # the decoder has lost the matrix
    assert np.abs(pixels(avif(SMOOTH.astype(np.uint8), primaries, transfer)) - SMOOTH).mean() < 1.5
