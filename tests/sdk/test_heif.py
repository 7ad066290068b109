"""HEIF of other pictures than HEVC is called what it is, and not damaged."""

import io
import struct

import numpy as np
import pytest

from mobileiqa_sdk.errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import read_photo

pillow_heif = pytest.importorskip("pillow_heif")


@pytest.fixture(scope="module")
def heic():
    pixels = np.random.default_rng(3).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB", (64, 48), pixels.tobytes()).save(file, format="HEIF", quality=90)
    return file.getvalue()


def with_type(file, name):
    at = file.index(b"infe")
    at = file.index(b"hvc1", at)
    return file[:at] + name + file[at + 4 :]


@pytest.mark.parametrize(
    ("item_type", "brand", "named"),
    [
        (b"unci", b"mif2", "uncompressed"),
        (b"avc1", b"avci", "AVC"),
        (b"jpeg", b"jpeg", "JPEG pictures"),
        (b"j2k1", b"j2ki", "JPEG 2000"),
        (b"vvc1", b"vvic", "VVC"),
        (b"evc1", b"mif1", "EVC"),
    ],
)
def test_a_kind_that_is_not_decoded_is_named(heic, item_type, brand, named):
    file = with_type(heic[:8] + brand + heic[12:16] + brand + heic[20:], item_type)
    with pytest.raises(PhotoUnsupported, match="not supported") as caught:
        read_photo(file)
    assert "damaged" not in str(caught.value)
    if "built in" not in str(caught.value):  # libheif's own words name it too
        assert named in str(caught.value)


def test_an_image_sequence_is_named():
    header = struct.pack(">I", 24) + b"ftypmsf1" + bytes(4) + b"msf1hevc"
    with pytest.raises(PhotoUnsupported, match="image sequence"):
        read_photo(header + struct.pack(">I", 16) + b"moov" + bytes(8) + bytes(64))


def test_a_damaged_heic_is_called_damaged(heic):
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(heic[: len(heic) // 2])
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(heic.replace(b"pitm", b"what", 1))


@pytest.mark.parametrize("brand", [b"mif2", b"mif3", b"miaf"])
def test_general_brands_are_read(heic, brand):
    file = heic[:8] + brand + heic[12:16] + brand + heic[20:]
    assert read_photo(file).size == (64, 48)


def test_a_limit_of_the_decoder_is_no_lack_of_memory(heic):
    """More properties than libheif reads: 1,000 empty boxes."""
    added = struct.pack(">I4s", 8, b"free") * 1000
    file = bytearray(heic)
    for name in (b"meta", b"iprp", b"ipco"):
        at = heic.index(name) - 4
        size = int.from_bytes(heic[at : at + 4], "big")
        file[at : at + 4] = struct.pack(">I", size + len(added))
    end = at + size
    with pytest.raises(PhotoTooLarge, match=r"limit of its decoder .*ipco"):
        read_photo(bytes(file[:end]) + added + bytes(file[end:]))
