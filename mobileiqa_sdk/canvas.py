"""The visible part of a decoded picture.

AVIF can hold more pixels than are visible (a clean aperture). The first frame of an animation, GIF or WebP,
can be smaller than its canvas: the rest of the canvas is transparent, as in browsers, whatever a decoder
fills it with.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from PIL import Image, ImageFile

from .colour import BACKGROUND
from .isobmff import crop_box, read_properties

_WEBP_CHUNKS = 12  # where they start in a file
_ANIMATION_FRAME = struct.Struct("<4s I 3s 3s 3s 3s")


class Part(NamedTuple):
    """The visible part of a picture.

    Attributes:
        box: left, top, right and bottom, in pixels of the picture before it is turned.
        keeps_canvas: whether the rest is transparent, or cut off.
    """

    box: tuple[int, int, int, int]
    keeps_canvas: bool

    def of(self, picture: Image.Image) -> Image.Image:
        """Returns the part of a picture of mode RGB, without the picture's ``info``."""
        left, top, right, bottom = self.box
        # Not crop(), which warns about large pictures.
        part = Image.new("RGB", (right - left, bottom - top))
        part.paste(picture, (-left, -top))
        if self.keeps_canvas:
            canvas = Image.new("RGB", picture.size, BACKGROUND)
            canvas.paste(part, self.box)
            return canvas
        return part


def part_that_shows(image: Image.Image, data: bytes) -> Part | None:
    """Returns the visible part of an opened picture; None if all of it is visible.

    Args:
        image: opened from ``data`` and not loaded.
        data: the file.
    """
    box = None
    if image.format == "AVIF":
        clean_aperture = read_properties(data).clean_aperture
        box = crop_box(image.size, clean_aperture) if clean_aperture else None
    elif image.format == "GIF" and isinstance(image, ImageFile.ImageFile) and image.tile:
        box = image.tile[0][1]
    elif image.format == "WEBP":
        box = _first_frame(data)
    if box is None or box == (0, 0, *image.size) or not _is_inside(box, image.size):
        return None
    return Part(box, keeps_canvas=image.format != "AVIF")


def _is_inside(box: tuple[int, int, int, int], size: tuple[int, int]) -> bool:
    left, top, right, bottom = box
    return 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]


def _first_frame(data: bytes) -> tuple[int, int, int, int] | None:
    """Returns where the first frame of an animated WebP lies on its canvas (RFC 9649, 2.7.1)."""
    start = _WEBP_CHUNKS
    while start + _ANIMATION_FRAME.size <= len(data):
        name, length, *numbers = _ANIMATION_FRAME.unpack_from(data, start)
        if name == b"ANMF":
            left, top, width, height = (int.from_bytes(number, "little") for number in numbers)
            return 2 * left, 2 * top, 2 * left + width + 1, 2 * top + height + 1
        if name == b"VP8X" and not data[start + 8] & 2:
            return None  # not animated
        start += 8 + length + length % 2
    return None
