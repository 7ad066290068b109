"""Reads which way up a photo file is to be shown, from its EXIF, else from its XMP.

Pillow would parse all of the EXIF for it, and print warnings where that is malformed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .tiff_tags import CutOff, TiffFile

TAG = 0x0112  # EXIF 2.32, 4.6.4 A
UPRIGHT = 1

_HEAD = b"Exif\0\0"
_STARTS = (b"II*\0", b"MM\0*")
_TYPES = (3, 4, 8, 9)  # integers of 16 and 32 bits, which cameras write
_IN_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


def in_metadata(info: Mapping[Any, Any]) -> int:
    """Returns EXIF's number of the orientation; `UPRIGHT` without one and where it is malformed.

    Args:
        info: of an opened image, with the blocks that Pillow puts there.
    """
    exif = info.get("exif") or _unpacked(info.get("Raw profile type exif"))
    orientation = _in_exif(exif) if isinstance(exif, bytes) else None
    if orientation is not None:
        return orientation
    xmp = info.get("XML:com.adobe.xmp") or info.get("xmp")
    xmp = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    match = _IN_XMP.search(xmp) if isinstance(xmp, bytes) else None
    return int(match[1]) if match else UPRIGHT


def _in_exif(exif: bytes) -> int | None:
    """Returns the number in a block of EXIF, `UPRIGHT` if the block is not EXIF, None without a number."""
    for _ in range(2):  # some writers repeat it
        exif = exif.removeprefix(_HEAD)
    if not exif:
        return None
    if not exif.startswith(_STARTS):
        return UPRIGHT
    file = TiffFile(exif)
    try:
        for entry in file.entries(file.first()):
            if entry.tag == TAG and not entry.is_cut:
                value = file.value(entry)
                if value is not None:
                    value = value[0] if isinstance(value, tuple) else value
                    return value if entry.kind in _TYPES else UPRIGHT
    except CutOff:
        pass
    return None


def _unpacked(text: object) -> bytes | None:
    """Returns the EXIF in a text of PNG: three lines, then the block in hexadecimal digits."""
    if not isinstance(text, str):
        return None
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return None
