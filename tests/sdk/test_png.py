"""PNG: only the chunks that decide pixels can cost a photo."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import png
from mobileiqa_sdk.errors import PhotoTooLarge, PhotoUnreadable
from mobileiqa_sdk.photo import read_photo

from .png_files import ADAM7, RGB, SIGNATURE, chunk, png_of

RNG = np.random.default_rng(4)
PICTURE = RNG.integers(0, 256, (40, 48, 3)).astype(np.uint8)
SIDE_CHUNKS = {
    b"tEXt": b"Comment\0text",
    b"zTXt": b"Comment\0\0" + zlib.compress(b"text"),
    b"iTXt": b"Comment\0\0\0en\0\0text",
    b"eXIf": b"MM\0*\0\0\0\x08\0\0",
    b"iCCP": b"name\0\0" + zlib.compress(b"profile"),
    b"cICP": bytes([1, 13, 0, 1]),
    b"sRGB": b"\0",
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"pHYs": struct.pack(">IIB", 1, 1, 1),
    b"sBIT": b"\x08\x08\x08",
    b"bKGD": bytes(6),
    b"hIST": bytes(2),
    b"tIME": bytes(7),
    b"sPLT": b"name\0\x08",
    b"acTL": struct.pack(">II", 2, 0),
    b"fcTL": struct.pack(">5I2H2B", 0, 48, 40, 0, 0, 1, 1, 0, 0),
    b"fdAT": struct.pack(">I", 1) + b"nothing",
    b"prVt": b"private",
    b"mDCV": bytes(24),
    b"cLLI": bytes(8),
}


def pixels(photo):
    return np.asarray(read_photo(photo)).astype(int)


@pytest.mark.parametrize("name", SIDE_CHUNKS)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.filterwarnings("error")
def test_a_malformed_side_chunk_never_costs_a_png(name, after):
    body = SIDE_CHUNKS[name]
    whole = chunk(name, body)
    bodies = [b"", b"\0", b"\xff" * 40, body[:-1], body[: len(body) // 2], body + b"\0", body[:1] * len(body)]
    wrong = [chunk(name, each) for each in bodies]
    wrong += [
        chunk(name, body, b"oops"),
        whole + whole,
        chunk(name, bytes(2**21)),
        chunk(name, body, bytes(4)),
    ]
    for each in wrong:
        if name in (b"gAMA", b"cHRM", b"eXIf", b"cICP") and each not in (wrong[0], wrong[-1]):
            pixels(png_of(PICTURE, *([] if after else [each]), after=[each] if after else []))
            continue  # may well mean something else
        file = png_of(PICTURE, after=[each]) if after else png_of(PICTURE, each)
        np.testing.assert_array_equal(pixels(file), PICTURE, err_msg=repr(each[:60]))


@pytest.mark.parametrize(
    "each",
    [
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**25))),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2**25))),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(2**25))),
        (b"zTXt", b"Raw profile type 8bim\0\0" + zlib.compress(bytes(2**21))),
        (b"tEXt", b"Comment\0" + b"x" * 2**21),
        (b"eXIf", b"MM\0*" + bytes(2**21)),
    ],
)
def test_metadata_of_any_size(each):
    np.testing.assert_array_equal(pixels(png_of(PICTURE, *[each] * 3)), PICTURE)


def test_many_texts():
    texts = [(b"tEXt", b"Comment\0" + b"x" * 2**20)] * 70
    np.testing.assert_array_equal(pixels(png_of(PICTURE, *texts)), PICTURE)


EXIF = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x112, 3, 1, 6, 0) + bytes(4)
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
RAW = b"\nexif\n%8d\n" % (len(EXIF) + 6) + (b"Exif\0\0" + EXIF).hex().encode()


@pytest.mark.parametrize(
    "each",
    [
        (b"eXIf", EXIF),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW)),
        (b"tEXt", b"Raw profile type exif\0" + RAW),
        chunk(b"eXIf", EXIF, b"oops"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_an_orientation_is_found_wherever_it_may_be(each, after):
    broken = chunk(b"zTXt", b"", b"oops")
    file = png_of(PICTURE, broken, after=[each]) if after else png_of(PICTURE, broken, each)
    np.testing.assert_array_equal(pixels(file), np.rot90(PICTURE, -1))


def flipped(file, name, offset):
    at = file.index(name) + offset
    return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]


@pytest.mark.parametrize(("name", "offset"), [(b"IHDR", 17), (b"IDAT", -5), (b"IDAT", 60), (b"PLTE", 5)])
def test_damage_to_what_decides_pixels_is_refused(name, offset):
    indices = (PICTURE[:, :, 0] % 4).astype(np.uint8)
    file = png_of(indices, (b"PLTE", bytes(range(12))), kind=3)
    pixels(file)
    with pytest.raises(PhotoUnreadable):
        read_photo(flipped(file, name, offset))


def test_a_file_without_pixels_is_refused():
    header = struct.pack(">IIBBBBB", 48, 40, 8, RGB, 0, 0, 0)
    file = SIGNATURE + chunk(b"IHDR", header) + chunk(b"IEND", b"")
    for each in (file, file[:8] + file[33:], file[:20] + b"IEND", SIGNATURE + b"IEND"):
        with pytest.raises(PhotoUnreadable):
            read_photo(each)


def test_every_cut_is_refused():
    file = png_of(PICTURE, (b"tEXt", b"Comment\0text"))
    for length in range(len(file) - 12):
        with pytest.raises(PhotoUnreadable):
            read_photo(file[:length])


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_are_rounded_not_cut(channels, interlaced):
    assert len(ADAM7) == 7
    values = RNG.integers(0, 65536, (40, 48, channels)).astype(np.uint16)
    values[:8, :8] = 65535
    file = png_of(values[:, :, 0] if channels == 1 else values, interlaced=interlaced)
    colour = np.rint(values[:, :, : 3 if channels > 2 else 1] / 257)
    if channels % 2 == 0:
        alpha = np.rint(values[:, :, -1:] / 257) / 255
        assert np.abs(pixels(file) - (colour * alpha + 255 * (1 - alpha))).max() <= 1
    else:
        np.testing.assert_array_equal(pixels(file), np.broadcast_to(colour, (40, 48, 3)))


def test_a_palette_with_alpha():
    indices = (np.arange(40 * 48).reshape(40, 48) % 4).astype(np.uint8)
    palette = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [10, 20, 30]], np.uint8)
    for alphas in ([0, 128, 255, 64], [0], [255, 0], [255, 255, 255, 0]):
        file = png_of(indices, (b"PLTE", palette.tobytes()), (b"tRNS", bytes(alphas)), kind=3)
        alpha = np.array((alphas + [255] * 4)[:4])[indices][:, :, None] / 255
        assert np.abs(pixels(file) - (palette[indices] * alpha + 255 * (1 - alpha))).max() <= 1


def test_the_picture_of_an_animation_is_the_one_that_other_viewers_show():
    frames = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    for default in (False, True):
        file = io.BytesIO()
        frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], default_image=default)
        assert b"fdAT" in file.getvalue()
        np.testing.assert_array_equal(pixels(file.getvalue()), PICTURE)


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt"])
def test_what_is_unpacked_is_bounded(name, monkeypatch):
    unpacked = []
    unpack = png._unpacked
    monkeypatch.setattr(
        png, "_unpacked", lambda packed, limit: unpacked.append(limit) or unpack(packed, limit)
    )
    zeros = zlib.compress(bytes(8 << 20), 9)
    for keyword, most in ((b"Comment", 0), (b"XML:com.adobe.xmp", png.MAX_TRIES)):
        flags = b"\0\1\0\0\0" if name == b"iTXt" else b"\0\0"
        file = png_of(PICTURE)
        bomb = chunk(name, keyword + flags + zeros) * 100
        unpacked.clear()
        np.testing.assert_array_equal(pixels(file[:33] + bomb + file[33:]), PICTURE)
        assert len(unpacked) == (png.MAX_TRIES if name == b"iCCP" else most)


def test_chunks_are_bounded(monkeypatch):
    file = png_of(PICTURE)
    many = file[:33] + chunk(b"teXt", b"") * 100 + file[33:]
    np.testing.assert_array_equal(pixels(many), PICTURE)
    monkeypatch.setattr(png, "MAX_CHUNKS", 100)
    with pytest.raises(PhotoTooLarge, match="more than 100 chunks"):
        read_photo(many)
