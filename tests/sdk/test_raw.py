"""Raw files of cameras are refused by their maker's format, wherever they say what they are."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from mobileiqa_sdk.errors import PhotoUnsupported
from mobileiqa_sdk.photo import read_photo

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
        (page(1, 14, t259=65000), "DCR"),
        (RGB | {33422: (0, 1, 1, 2), 271: "SONY"}, "ARW"),
        ({256: 64, 257: 48, 258: (8, 8, 8), 259: 6, 271: "Canon"}, "CR2"),
    ],
)
def test_a_raw_format_by_its_tags(tags: dict[int, Any], name: str) -> None:
    for order in "<>":
        with pytest.raises(PhotoUnsupported, match=rf"\(.*{name}.*\)"):
            read_photo(made(tags, bytes(64 * 48 * 3), order))


@pytest.mark.parametrize("count", [1, 2])
def test_the_sensor_below_a_preview(count: int) -> None:
    """As in Sony's and Nikon's files: an ordinary page, and the sensor in a directory below it."""
    sensor = struct.pack("<HHHIIHHIII", 2, 259, 3, 1, 1, 262, 3, 1, 32803, 0)
    end = len(made(RGB | {271: "SONY", 330: (1 << 20,) * count}, bytes(64 * 48 * 3)))
    file = made(RGB | {271: "SONY", 330: (end,) * count}, bytes(64 * 48 * 3))
    with pytest.raises(PhotoUnsupported, match="Sony ARW"):
        read_photo(file + sensor)


def test_a_photo_of_a_camera_is_not_raw() -> None:
    for make in ("NIKON CORPORATION", "SONY", "Canon"):
        assert read_photo(made(RGB | {271: make}, bytes(64 * 48 * 3))).size == (64, 48)


def test_directories_below_that_cannot_be_read_cost_nothing() -> None:
    for positions in (0, 2**31, (5, 2**31, 70)):
        assert read_photo(made(RGB | {330: positions}, bytes(64 * 48 * 3))).size == (64, 48)
