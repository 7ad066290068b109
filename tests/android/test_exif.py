"""Orientation from damaged and unusual EXIF and XMP: what Python makes of the same file."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mobileiqa_sdk.decode import open_image

from .toolbox import Jvm, base64_of

ORIENTATION = 0x0112
SHORT, LONG = 3, 4


def plain(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, kind)
    return file.getvalue()


JPEG, PNG, WEBP = plain("JPEG"), plain("PNG"), plain("WEBP")


def segment(data: bytes, marker: int = 0xE1) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def tiff(entries: list[tuple[int, int, int, int]], order: str = "<", offset: int = 8, gap: int = 0) -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", offset)
    table = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    return head + bytes(gap) + struct.pack(order + "H", len(entries)) + table + bytes(4)


def short(value: int, order: str = "<") -> int:
    """A 16-bit value as the 32 bits of an entry."""
    number: int = struct.unpack(order + "I", struct.pack(order + "HH", value, 0))[0]
    return number


def exif(block: bytes) -> bytes:
    return b"Exif\0\0" + block


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
SIX = tiff([(ORIENTATION, SHORT, 1, short(6))])

FILES = {
    "little-endian": jpeg(segment(exif(SIX))),
    "big-endian": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, short(6, ">"))], ">")))),
    "a long": jpeg(segment(exif(tiff([(ORIENTATION, LONG, 1, 6)])))),
    "a byte": jpeg(segment(exif(tiff([(ORIENTATION, 1, 1, 6)])))),
    "two shorts": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 2, short(6))])))),
    "three shorts elsewhere": jpeg(
        segment(exif(tiff([(ORIENTATION, SHORT, 3, 26)]) + struct.pack("<HHH", 6, 1, 1)))
    ),
    "shorts beyond the end": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 3, 2600)])))),
    "an unknown type": jpeg(segment(exif(tiff([(ORIENTATION, 99, 1, 6)])))),
    "no values": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 0, 6)])))),
    "twice": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, 6), (ORIENTATION, SHORT, 1, 3)])))),
    "among others": jpeg(
        segment(exif(tiff([(256, LONG, 1, 40), (ORIENTATION, SHORT, 1, 8), (271, 2, 4, 0)])))
    ),
    "zero": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, 0)])))),
    "nine": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, 9)])))),
    "a later table": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, 6)], offset=20, gap=12)))),
    "a table beyond the end": jpeg(segment(exif(tiff([(ORIENTATION, SHORT, 1, 6)], offset=4000)))),
    "no TIFF": jpeg(segment(exif(b"nothing like it"))),
    "empty": jpeg(segment(exif(b""))),
    "two heads": jpeg(segment(exif(exif(SIX)))),
    "in two segments": jpeg(segment(exif(SIX[:14])), segment(exif(SIX[14:]))),
    "cut off": jpeg(segment(exif(SIX[:20]))),
    "behind a comment": jpeg(segment(b"holiday", 0xFE), segment(exif(SIX))),
    "behind padding": jpeg(b"\xff\xff", segment(exif(SIX))),
    "XMP": jpeg(segment(XMP_HEAD + XMP % 6)),
    "XMP as an element": jpeg(segment(XMP_HEAD + b"<tiff:Orientation>8</tiff:Orientation>")),
    "XMP of nine": jpeg(segment(XMP_HEAD + XMP % 9)),
    "XMP beside EXIF": jpeg(segment(XMP_HEAD + XMP % 6), segment(exif(tiff([(ORIENTATION, SHORT, 1, 3)])))),
    "XMP beside EXIF without": jpeg(segment(XMP_HEAD + XMP % 6), segment(exif(tiff([(256, LONG, 1, 40)])))),
    "XMP beside no TIFF": jpeg(segment(XMP_HEAD + XMP % 6), segment(exif(b"nothing like it"))),
    "PNG": PNG[:33] + chunk(b"eXIf", SIX) + PNG[33:],
    "PNG, behind the pixels": PNG[:-12] + chunk(b"eXIf", SIX) + PNG[-12:],
    "PNG, XMP": PNG[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP % 6) + PNG[33:],
    "PNG, another text": PNG[:33] + chunk(b"iTXt", b"Comment\0\0\0\0\0" + XMP % 6) + PNG[33:],
    "none": JPEG,
    "PNG without": PNG,
    "WebP without": WEBP,
}


def by_python(data: bytes) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = open_image(data)
            image.load()
            actual = image.getexif().get(ORIENTATION, 1)
        except Exception:
            return 1
    return actual if actual in range(1, 9) else 1


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_unusual_files(pure: Jvm, data: bytes) -> None:
    assert pure.call("orientation", file=base64_of(data)) == by_python(data)


def test_the_cases_differ() -> None:
    assert {by_python(data) for data in FILES.values()} >= {1, 3, 6, 8}


numbers = st.integers(0, 60) | st.sampled_from([6, 6 << 16, 2**32 - 1])
orientations = st.tuples(
    st.just(ORIENTATION), st.sampled_from([SHORT, LONG, 99]), st.sampled_from([0, 1, 1, 2, 3, 2**31]), numbers
)
# Values of other tags beyond the end make some versions of Pillow stop, and others go on.
others = st.tuples(
    st.integers(250, 273), st.sampled_from([1, SHORT, LONG, 99]), st.sampled_from([0, 1]), numbers
)
entries = orientations | others


@settings(deadline=None, max_examples=400)
@given(st.lists(entries, max_size=4, unique_by=lambda entry: entry[0]), st.sampled_from("<>"), st.data())
def test_any_exif(pure: Jvm, table: list[tuple[int, int, int, int]], order: str, data: st.DataObject) -> None:
    block = tiff(table, order, data.draw(st.sampled_from([8, 8, 8, 10, 400])))
    block += struct.pack("<HHH", 6, 3, 8)
    block = block[: data.draw(st.integers(0, len(block))) if data.draw(st.booleans()) else None]
    file = jpeg(segment(XMP_HEAD + XMP % 5), segment(exif(block)))
    assert pure.call("orientation", file=base64_of(file)) == by_python(file)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([FILES["little-endian"], FILES["PNG"], FILES["PNG, XMP"], WEBP]), st.data())
def test_damaged_files_never_cost_the_photo(pure: Jvm, whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, min(len(damaged), 120) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    assert pure.call("orientation", file=base64_of(bytes(damaged))) in range(1, 9)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_upright_at_worst(pure: Jvm, data: bytes) -> None:
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        assert pure.call("orientation", file=base64_of(head + data)) in range(1, 9)
