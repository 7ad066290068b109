"""Reads colours and crops from the boxes of AVIF and HEIC, where the decoders do not offer or survive them.

The boxes are those of ISO/IEC 14496-12, the properties of a picture those of ISO/IEC 23008-12. Malformed
boxes are ignored: the decoder judges whether a file is sound.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import floor
from typing import NamedTuple

from .code_points import from_numbers

MAX_BOXES = 1 << 16
"""Boxes inside one box that are looked at: a photo of a thousand tiles has some thousand."""

MAX_ASSOCIATIONS = 1 << 18
"""Pairs of a picture and one of its properties that are looked at."""

_Box = tuple[bytes, int, int]  # type, and where its content starts and ends
_Association = tuple[int, int, int]  # item, where the last byte of the number lies, number of the property
_UNSPECIFIED = 2
_VERSION_AND_FLAGS = 4  # bytes
_SAMPLE_ENTRY = 78  # bytes of a picture's sample entry before the boxes in it
_PATH_TO_SAMPLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


class Properties(NamedTuple):
    """Properties of the main picture of a file.

    Attributes:
        code_points: primaries and transfer characteristics of ITU-T H.273 (nclx), or None.
        clean_aperture: (width, height, horizontal offset, vertical offset), each a numerator and a
            denominator, or None.
        bits: of a sample of AV1, 8, 10 or 12.
    """

    code_points: tuple[int, int] | None = None
    clean_aperture: tuple[int, ...] | None = None
    bits: int = 8


def read_properties(data: bytes) -> Properties:
    """Returns the properties of the main picture; of an animation without one, those of its first track."""
    code_points = clean_aperture = None
    bits = 8
    for name, start, end in _item_properties(data) or _track_properties(data):
        if name == b"colr" and data[start : start + 4] == b"nclx" and end - start >= 8:
            code_points = struct.unpack_from(">HH", data, start + 4)
        elif name == b"clap" and end - start >= 32:
            clean_aperture = struct.unpack_from(">4I4i", data, start)
        elif name == b"av1C" and end - start >= 4:
            # AV1 in ISOBMFF, 2.3.3: high_bitdepth and twelve_bit follow a bit for the tier.
            bits = {0: 8, 2: 10, 3: 12}.get(data[start + 2] >> 5 & 3, 8)
    return Properties(code_points, clean_aperture, bits)


def item_types(data: bytes) -> list[bytes]:
    """Returns the types of the items of a file: how each picture is coded, or that it is made of others."""
    meta, meta_end = _box(data, b"meta", 0, len(data))
    start, end = _box(data, b"iinf", meta + _VERSION_AND_FLAGS, meta_end)
    if start == end:
        return []
    types = []
    for name, entry, entry_end in _boxes(data, start + (8 if data[start] else 6), end):
        at = entry + (10 if data[entry : entry + 1] == b"\3" else 8)
        if name == b"infe" and at + 4 <= entry_end:
            types.append(data[at : at + 4])
    return types


def without_unknown_colours(data: bytes) -> bytes:
    """Returns a file whose colour descriptions libheif knows: it refuses pictures for one that it does not.

    Reserved code points become 2 (unspecified), boxes of another type than nclx or a profile are renamed.
    """
    changed = None
    for name, start, end in _property_boxes(data)[0]:
        if name != b"colr":
            continue
        kind = data[start : start + 4]
        if kind == b"nclx" and end - start >= 8:
            code_points = struct.unpack_from(">HH", data, start + 4)
            if from_numbers(*code_points) is None:
                changed = changed or bytearray(data)
                struct.pack_into(">HH", changed, start + 4, _UNSPECIFIED, _UNSPECIFIED)
        elif kind not in (b"nclx", b"prof", b"rICC"):
            changed = changed or bytearray(data)
            changed[start - 4 : start] = b"skip"
    return data if changed is None else bytes(changed)


def with_sizes(data: bytes) -> bytes:
    """Returns a file in which pictures without a size (ispe) have that of the main picture.

    Early AVIF encoders wrote none for the alpha plane, and libavif refuses such files. The size takes the
    place of the number of bits (pixi), which the decoder does not need.
    """
    properties, associations = _property_boxes(data)
    names = {number: name for number, (name, _, _) in enumerate(properties, 1)}
    sizes = {item: number for item, _, number in associations if names.get(number) == b"ispe"}
    size = sizes.get(_primary_item(data) or 0, 0)
    if not 0 < size < 128:
        return data
    changed = bytearray(data)
    for item, position, number in associations:
        if item not in sizes and names.get(number) == b"pixi":
            changed[position] = size
    return bytes(changed)


def crop_box(size: tuple[int, int], clean_aperture: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Returns left, top, right and bottom of a clean aperture; None if it is not a part of the picture.

    Args:
        size: (width, height) of the picture, not yet turned.
        clean_aperture: see :class:`Properties`.
    """
    edges = []
    for axis, length in enumerate(size):
        part, part_unit = clean_aperture[2 * axis : 2 * axis + 2]
        offset, offset_unit = clean_aperture[2 * axis + 4 : 2 * axis + 6]
        if part_unit == 0 or offset_unit == 0:
            return None
        extent = Fraction(part, part_unit)
        # ISO/IEC 14496-12, 12.1.4: the offset is from the centre of the picture to that of the part.
        start = floor((length - extent) / 2 + Fraction(offset, offset_unit))
        edges.append((start, start + floor(extent)))
    (left, right), (top, bottom) = edges
    is_inside = 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]
    return (left, top, right, bottom) if is_inside else None


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """Yields the boxes in a part of a file, at most `MAX_BOXES`."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            header = 16
        stop = start + size if size else end
        if (size and size < header) or stop > end:
            return
        yield name, start + header, stop
        start = stop


def _box(data: bytes, name: bytes, start: int, end: int) -> tuple[int, int]:
    """Returns where the content of the first box of a type starts and ends; without one, an empty range."""
    return next(((first, last) for kind, first, last in _boxes(data, start, end) if kind == name), (end, end))


def _item_properties(data: bytes) -> list[_Box]:
    """Returns the properties of the main picture; those of its tiles describe colours and bits it lacks."""
    properties, associations = _property_boxes(data)
    boxes: dict[int, list[_Box]] = {}
    for item, _, number in associations:
        if 1 <= number <= len(properties):
            boxes.setdefault(item, []).append(properties[number - 1])
    own = boxes.pop(_primary_item(data) or 0, [])
    for missing in (b"colr", b"av1C"):
        if own and not any(name == missing for name, _, _ in own):
            of_tiles = ([box for box in others if box[0] == missing] for others in boxes.values())
            own = own + next(filter(None, of_tiles), [])
    return own


def _primary_item(data: bytes) -> int | None:
    meta, meta_end = _box(data, b"meta", 0, len(data))
    start, end = _box(data, b"pitm", meta + _VERSION_AND_FLAGS, meta_end)
    return int.from_bytes(data[start + _VERSION_AND_FLAGS : end], "big") if start < end else None


def _property_boxes(data: bytes) -> tuple[list[_Box], list[_Association]]:
    """Returns the boxes of all properties, numbered from 1, and which items have them."""
    meta, meta_end = _box(data, b"meta", 0, len(data))
    iprp = _box(data, b"iprp", meta + _VERSION_AND_FLAGS, meta_end)
    properties = list(_boxes(data, *_box(data, b"ipco", *iprp)))
    associations = (
        association
        for name, start, end in _boxes(data, *iprp)
        if name == b"ipma"
        for association in _associations(data, start, end)
    )
    return properties, list(islice(associations, MAX_ASSOCIATIONS))


def _associations(data: bytes, start: int, end: int) -> Iterator[_Association]:
    """Yields the associations in an ipma box."""
    if end - start < 8:
        return
    version, width = data[start], 2 if data[start + 3] & 1 else 1
    item_width = 4 if version else 2
    (count,) = struct.unpack_from(">I", data, start + _VERSION_AND_FLAGS)
    position = start + 8
    for _ in range(count):
        if position + item_width >= end:
            return
        item = int.from_bytes(data[position : position + item_width], "big")
        length = data[position + item_width]
        position += item_width + 1
        for _ in range(length):
            number = int.from_bytes(data[position : position + width], "big")
            position += width
            if position > end:
                return
            yield item, position - 1, number & (0x7FFF if width == 2 else 0x7F)


def _track_properties(data: bytes) -> list[_Box]:
    start, end = 0, len(data)
    for name in _PATH_TO_SAMPLES:
        start, end = _box(data, name, start, end)
    _, entry, entry_end = next(_boxes(data, start + 8, end), (b"", end, end))  # after version and count
    return list(_boxes(data, entry + _SAMPLE_ENTRY, entry_end))
