"""What a photo's file says without being decoded: when it was taken, and how many pixels it has."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from .._refusal import Refusal, named_errors
from ..decode import open_image
from ..errors import PhotoNotFound
from ..tiff_tags import CutOff, Tags, TiffFile

_EXIF_DIRECTORY = 0x8769  # EXIF 2.32, 4.6.3
_DATE_TIME_ORIGINAL = 0x9003
_SUBSECONDS_ORIGINAL = 0x9291
_HEAD = b"Exif\0\0"
_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")


class Capture(NamedTuple):
    """What a photo's file says about itself.

    Attributes:
        taken: local time by the camera's clock, with the fraction of a second if the camera wrote one; None
            without a time.
        pixels: width times height of the photo.
    """

    taken: datetime | None
    pixels: int


def read_capture(path: str, *, file_time: bool = False) -> Capture:
    """Returns when a photo was taken, by EXIF's DateTimeOriginal and SubSecTimeOriginal, and its pixels.

    Args:
        path: of a photo that can be read.
        file_time: for a photo without that time in EXIF, take the time when its file was last changed.

    Raises:
        PhotoError: the file is gone, or is not the photo any more that it was.
    """
    with named_errors(path):
        data = _content(path)
        image = open_image(data)
        taken = _time_in(_exif(image, data))
        if taken is None and file_time:
            taken = datetime.fromtimestamp(os.stat(path).st_mtime)  # local, as EXIF's times are
        return Capture(taken, image.width * image.height)


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Refusal(PhotoNotFound, f"cannot be read any more: {error.strerror or error}") from error


def _exif(image: Image.Image, data: bytes) -> bytes:
    if image.format == "TIFF":
        return data
    exif = image.info.get("exif")
    return exif.removeprefix(_HEAD) if isinstance(exif, bytes) else b""


def _time_in(exif: bytes) -> datetime | None:
    """Returns the time in a block of EXIF; None without one, and where the block is malformed."""
    file = TiffFile(exif)
    try:
        tags = file.tags(file.first())
        position = tags.get(_EXIF_DIRECTORY)
        return _time(file.tags(position)) if isinstance(position, int) else None
    except CutOff:
        return None


def _time(tags: Tags) -> datetime | None:
    match = _TIME.match(_text(tags.get(_DATE_TIME_ORIGINAL)))
    if match is None:
        return None
    subseconds = re.match(r"\d{1,6}", _text(tags.get(_SUBSECONDS_ORIGINAL)))
    microseconds = int(subseconds[0].ljust(6, "0")) if subseconds else 0
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, microseconds)
    except ValueError:  # such as the zeros of a camera whose clock was not set
        return None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
