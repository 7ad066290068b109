"""Which way up a file is shown, by malformed and unusual metadata too; Pillow judges what is well-formed."""

from __future__ import annotations

import io
import struct
import warnings

import pytest
from PIL import Image

from mobileiqa_sdk.orientation import TAG, UPRIGHT, in_metadata
from mobileiqa_sdk.photo import read_photo

BYTE, SHORT, LONG, SIGNED_SHORT, SIGNED_LONG, FLOAT = 1, 3, 4, 8, 9, 11
XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'


def block(
    *entries: tuple[int, int, int, bytes], order: str = "<", offset: int = 8, extra: bytes = b""
) -> bytes:
    """A block of EXIF with one directory."""
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", offset)
    lines = b"".join(struct.pack(order + "HHI", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return start + struct.pack(order + "H", len(entries)) + lines + bytes(4) + extra


SIX = block((TAG, SHORT, 1, b"\6"))


@pytest.mark.parametrize(
    ("exif", "orientation"),
    [
        (SIX, 6),
        (b"Exif\0\0" + SIX, 6),
        (b"Exif\0\0Exif\0\0" + SIX, 6),
        (block((TAG, SHORT, 1, b"\0\6"), order=">"), 6),
        (block((TAG, LONG, 1, b"\6")), 6),
        (block((TAG, SIGNED_SHORT, 1, b"\6")), 6),
        (block((TAG, SIGNED_LONG, 1, b"\6")), 6),
        (block((TAG, SHORT, 2, b"\6\0\3")), 6),
        (block((TAG, SHORT, 3, b"\x1a"), extra=b"\6\0\1\0\1\0"), 6),
        (block((256, LONG, 1, b"\6"), (TAG, SHORT, 1, b"\3")), 3),
        (block((TAG, SHORT, 1, b"\6"), (TAG, SHORT, 1, b"\3")), 6),
        (block((TAG, 99, 1, b"\6"), (TAG, SHORT, 1, b"\3")), 3),
        (block((TAG, SHORT, 0, b"\6"), (TAG, SHORT, 1, b"\3")), 3),
        (block((271, 2, 4000, b"\x1a"), (TAG, SHORT, 1, b"\6")), 6),
        (block((TAG, SHORT, 3, b"\xff\xff")), UPRIGHT),
        (block((TAG, BYTE, 1, b"\6")), UPRIGHT),
        (block((256, LONG, 1, b"\6")), UPRIGHT),
        (SIX[:15], UPRIGHT),
        (block(offset=4000), UPRIGHT),
        (b"nothing like it", UPRIGHT),
        (b"", UPRIGHT),
    ],
)
def test_exif(exif: bytes, orientation: int) -> None:
    assert in_metadata({"exif": exif}) == orientation
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = Image.new("L", (1, 1))
        image.info["exif"] = exif
        try:
            by_pillow = image.getexif().get(TAG, 1)
        except SyntaxError:
            by_pillow = UPRIGHT
    assert by_pillow == orientation or isinstance(by_pillow, bytes)


def test_floats_are_not_orientations() -> None:
    assert in_metadata({"exif": block((TAG, FLOAT, 1, struct.pack("<f", 6)))}) == UPRIGHT


@pytest.mark.parametrize(
    ("info", "orientation"),
    [
        ({"XML:com.adobe.xmp": XMP}, 8),
        ({"xmp": XMP.encode()}, 8),
        ({"xmp": b"<tiff:Orientation>5</tiff:Orientation>"}, 5),
        ({"xmp": XMP.encode(), "exif": SIX}, 6),
        ({"xmp": XMP.encode(), "exif": block((256, LONG, 1, b"\6"))}, 8),
        ({"xmp": XMP.encode(), "exif": SIX[:15]}, 8),
        ({"xmp": XMP.encode(), "exif": b"nothing like it"}, UPRIGHT),
        ({"xmp": XMP.encode(), "exif": b"Exif\0\0"}, 8),
        ({"Raw profile type exif": "\nexif\n34\n" + SIX.hex()}, 6),
        ({"Raw profile type exif": "\nexif\n34\nnot hexadecimal"}, UPRIGHT),
        ({"exif": 6, "xmp": 8}, UPRIGHT),
        ({}, UPRIGHT),
    ],
)
def test_which_metadata_count(info: dict[str, object], orientation: int) -> None:
    assert in_metadata(info) == orientation


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_malformed_exif_prints_nothing(kind: str, recwarn: pytest.WarningsRecorder) -> None:
    """Pillow would warn about the first tag, and with many of them hold the values of them all."""
    exif = block(*[(number, 7, 4000, b"\x0e") for number in range(256, 264)], (TAG, SHORT, 2, b"\6\0\6"))
    stream = io.BytesIO()
    Image.new("L", (48, 64)).save(stream, kind, exif=b"Exif\0\0" + exif)
    assert read_photo(stream.getvalue()).size == (64, 48)
    assert not recwarn.list
