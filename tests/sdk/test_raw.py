"""Raw files of cameras are refused by their maker's format, wherever they say what they are."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import TiffImagePlugin

from mobileiqa_sdk.errors import PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.tiff_tags import MAX_DIRECTORIES, TiffFile

from .test_jpeg import CAT
from .test_tiff import made, page

STARTS = [
    (b"FUJIFILMCCD-RAW 0201FF159502", "RAF"),
    (b"IIU\0\x18\0\0\0", "RW2"),
    (b"IIRO\x08\0\0\0", "ORF"),
    (b"IIRS\x08\0\0\0", "ORF"),
    (b"MMOR\0\0\0\x08", "ORF"),
    (b"\0MRM\0\0\0\0", "MRW"),
    (b"FOVb\0\0\0\0", "X3F"),
    (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "CR3"),
    (b"II\x1a\0\0\0HEAPCCDR\x02\0", "CRW"),
    (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
    (b"II*\0\x0c\0\0\0IIIIwaR", "IIQ"),
    (b"MM\0*\0\0\0\x0cMMMMRaw", "IIQ"),
    (b"MM\0*" + bytes(21) + b"ARECOYK\0", "Contax RAW"),
]
RGB = page(2, (8, 8, 8))


@pytest.mark.parametrize(("start", "name"), STARTS)
def test_a_raw_format_by_its_start(start: bytes, name: str) -> None:
    for file in (start, start + bytes(1000)):
        with pytest.raises(PhotoUnsupported, match=rf"\(.*{name}\)"):
            read_photo(file)


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (page(32803, 14, t259=65535), "PEF"),
        (page(32803, 12, t259=34713), "NEF"),
        (page(32803, 12) | {271: "PENTAX Corporation"}, "PEF"),
        (page(34892, (16, 16, 16)), "sensor data"),
        (RGB | {50706: (1, 4, 0, 0)}, "DNG"),
        (RGB | {254: 1, 50706: (1, 4, 0, 0)}, "DNG"),
        (RGB | {254: 1, 37398: (1, 0, 0, 0), 271: "NIKON CORPORATION"}, "NEF"),
        (page(1, 14, t259=32767), "ARW"),
        (page(1, 14, t259=32770), "SRW"),
        (page(1, 14, t259=32772), "SRW"),
        (page(1, 14, t259=65000), "DCR"),
        (page(1, 12, t259=262), "KDC"),
        (page(1, 12, t259=32867), "KDC"),
        (RGB | {34310: (80, 75, 84, 83)}, "MOS"),
        (RGB | {65024: 8, 271: "EASTMAN KODAK COMPANY"}, "KDC"),
        (RGB | {33422: (0, 1, 1, 2), 271: "SONY"}, "ARW"),
        ({256: 64, 257: 48, 258: (8, 8, 8), 259: 6, 271: "Canon"}, "CR2"),
        ({256: 64, 257: 48, 258: (8, 8, 8), 259: 6}, "CR2"),
    ],
)
def test_a_raw_format_by_its_tags(tags: dict[int, Any], name: str) -> None:
    for order in "<>":
        with pytest.raises(PhotoUnsupported, match=rf"\(.*{name}.*\)"):
            read_photo(made(tags, bytes(64 * 48 * 3), order))


def directory(order: str, *lines: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A directory of lines (tag, type, count, value), and where the next page is."""
    packed = b"".join(
        struct.pack(order + "HHIHH", tag, kind, count, value, 0)
        if kind == 3
        else struct.pack(order + "HHII", tag, kind, count, value)
        for tag, kind, count, value in lines
    )
    return struct.pack(order + "H", len(lines)) + packed + struct.pack(order + "I", following)


def sensor(order: str) -> bytes:
    return directory(order, (259, 3, 1, 1), (262, 3, 1, 32803))


def nested(order: str, depth: int, *, as_pages: bool) -> bytes:
    """A photo, ``depth`` directories below or behind it, and then that of a sensor."""
    photo = made(RGB | {271: "SONY"}, bytes(64 * 48 * 3), order)
    lines, at = RGB | {271: "SONY"}, len(photo)
    if as_pages:
        count = struct.unpack_from(order + "H", photo, 8)[0]
        pointer = 10 + 12 * count
        photo = photo[:pointer] + struct.pack(order + "I", at) + photo[pointer + 4 :]
    else:
        at = len(made(lines | {330: 1 << 20}, bytes(64 * 48 * 3), order))
        photo = made(lines | {330: at}, bytes(64 * 48 * 3), order)
    for _ in range(depth):
        size = len(directory(order, (256, 3, 1, 64), (330, 4, 1, 0)))
        at += size
        below = (256, 3, 1, 64), (330, 4, 1, 0 if as_pages else at)
        photo += directory(order, *below, following=at if as_pages else 0)
    return photo + sensor(order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("as_pages", [False, True])
def test_the_sensor_behind_or_below_other_directories(as_pages: bool, order: str) -> None:
    for depth in (0, 1, 2, 5, MAX_DIRECTORIES - 2):
        with pytest.raises(PhotoUnsupported, match="Sony ARW"):
            read_photo(nested(order, depth, as_pages=as_pages))
    too_deep = nested(order, MAX_DIRECTORIES - 1, as_pages=as_pages)
    assert read_photo(too_deep).size == (64, 48)


@pytest.mark.parametrize("count", [2, 5])
def test_the_sensor_is_one_of_several_directories_below(count: int) -> None:
    photo = made(RGB | {271: "SONY", 330: (1 << 20,) * count}, bytes(64 * 48 * 3))
    preview = directory("<", (262, 3, 1, 2))
    places = [len(photo) + len(preview) * number for number in range(count)]
    photo = made(RGB | {271: "SONY", 330: tuple(places)}, bytes(64 * 48 * 3))
    with pytest.raises(PhotoUnsupported, match="Sony ARW"):
        read_photo(photo + preview * (count - 1) + sensor("<"))


def test_directories_that_lead_to_each_other_end() -> None:
    photo = made(RGB | {330: 8}, bytes(64 * 48 * 3))
    assert read_photo(photo).size == (64, 48)
    pointer = 10 + 12 * struct.unpack_from("<H", photo, 8)[0]
    loop = photo[:pointer] + struct.pack("<I", 8) + photo[pointer + 4 :]
    assert len(TiffFile(loop).directories()) == 1


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({33422: (0, 1, 1, 2, 0, 1, 1, 2)}, "sensor data"),
        ({50706: (1, 4, 0, 0)}, "DNG"),
        ({50740: (1 << 20, 1 << 20)}, "sensor data"),
        ({271: "PENTAX Corporation", 259: 65535}, "PEF"),
    ],
)
def test_a_raw_file_that_ends_early_is_a_raw_file(tags: dict[int, Any], name: str) -> None:
    for order in "<>":
        file = made(RGB | tags, bytes(64 * 48 * 3), order)
        lines = 10 + 12 * struct.unpack_from(order + "H", file, 8)[0]
        for length in (lines, lines + 4, lines + 10, len(file) - 9000, len(file)):
            with pytest.raises(PhotoUnsupported, match=rf"\(.*{name}.*\)"):
                read_photo(file[:length])


def test_a_photo_of_the_standard_for_cameras_is_no_raw_file() -> None:
    """TIFF/EP is also for photos that are developed."""
    tags = {37398: (1, 0, 0, 0), 271: "NIKON"}
    assert read_photo(made(RGB | tags, bytes(64 * 48 * 3))).size == (64, 48)
    for compression in ("jpeg", "tiff_lzw"):
        stream = io.BytesIO()
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        directory.tagtype[37398] = 1
        directory[37398] = bytes((1, 0, 0, 0))
        CAT.save(stream, "TIFF", compression=compression, tiffinfo=directory)
        assert 37398 in TiffFile(stream.getvalue()).directories()[0]
        assert read_photo(stream.getvalue()).size == CAT.size


def test_a_page_that_is_cut_off_before_its_colours_is_no_raw_file() -> None:
    """A CR2 begins with a page that names no colours; what is cut off was not left out."""
    whole = made({256: 64, 257: 48, 258: (8, 8, 8), 259: 6, 262: 6, 277: 3}, bytes(64 * 48 * 3))
    with pytest.raises(PhotoUnreadable, match="truncated"):
        read_photo(whole[: 10 + 4 * 12])


def test_a_photo_of_a_camera_is_not_raw() -> None:
    for make in ("NIKON CORPORATION", "SONY", "Canon"):
        assert read_photo(made(RGB | {271: make}, bytes(64 * 48 * 3))).size == (64, 48)


def test_directories_below_that_cannot_be_read_cost_nothing() -> None:
    for positions in (0, 2**31, (5, 2**31, 70)):
        assert read_photo(made(RGB | {330: positions}, bytes(64 * 48 * 3))).size == (64, 48)
