"""Opens GIF files without the comments and the like before their first picture.

Pillow makes an object of each block of a comment, so a file of 40 MB could take a gigabyte, and refuses a
file for an extension that is empty.
"""

from __future__ import annotations

from PIL import Image

from ._decoding import Decoder, opened
from ._refusal import Refusal
from .errors import PhotoTooLarge

MAX_BLOCKS = 1_000_000
"""Blocks before the first picture, of at most 255 bytes each."""

_FLAGS = 10  # where the byte is that says how long the palette is, which starts three bytes later
_EXTENSION, _CONTROL = 0x21, 0xF9
_CONTROL_BYTES = 4


def open_gif(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens a GIF.

    Args:
        data: the file.
        decoder: Pillow's class.

    Raises:
        Refusal: too many blocks before the first picture, or damage.
    """
    return opened(decoder, _without_extensions(data))


def _without_extensions(data: bytes) -> bytes:
    """Returns a file in which the last control extension alone precedes the first picture.

    It says which colour of the picture is transparent.
    """
    if len(data) <= _FLAGS:
        return data  # Pillow says what is wrong
    flags = data[_FLAGS]
    start = at = _FLAGS + 3 + (3 * (2 << (flags & 7)) if flags & 0x80 else 0)
    control = b""
    blocks = 0
    while at + 2 < len(data) and data[at] == _EXTENSION:
        label, first = data[at + 1 : at + 3]
        extension, at = at, at + 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
            if blocks > MAX_BLOCKS:
                reason = f"has more than {MAX_BLOCKS:,} blocks before its first picture; save it again"
                raise Refusal(PhotoTooLarge, reason)
        at += 1
        if label == _CONTROL and first >= _CONTROL_BYTES:
            control = data[extension:at]
    return data if at == start else data[:start] + control + data[at:]
