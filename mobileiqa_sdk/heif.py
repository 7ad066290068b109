"""Opens HEIF files, and says of a sound one that libheif cannot decode what it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from PIL import Image

from ._refusal import Refusal
from .errors import PhotoUnreadable
from .isobmff import item_types, without_unknown_colours

_DECODED = b"hvc1"
_CODECS = {
    b"avc1": "AVC (H.264) pictures",
    b"vvc1": "VVC (H.266) pictures",
    b"evc1": "EVC pictures",
    b"lhv1": "layered HEVC pictures",
    b"av01": "AV1 pictures",
    b"jpeg": "JPEG pictures",
    b"j2k1": "JPEG 2000 pictures",
    b"unci": "uncompressed pictures",
    b"tili": "tiled pictures",
    b"mski": "masks",
}


def open_heif(data: bytes, decoder: Callable[[BinaryIO], Image.Image]) -> Image.Image:
    """Opens a HEIF.

    Raises:
        Refusal: the file holds pictures of another kind than HEVC, and the decoder does not know them.
        Exception: anything that the decoder raises for damaged bytes.
    """
    try:
        return decoder(io.BytesIO(without_unknown_colours(data)))
    except MemoryError:
        raise
    except Exception as error:  # pillow_heif and Pillow raise anything
        kind = _other_kind(data)
        if kind is None:
            raise
        raise Refusal(
            PhotoUnreadable, f"is a HEIF of {kind}, a kind that is not supported; convert it to JPEG or PNG"
        ) from error


def _other_kind(data: bytes) -> str | None:
    types = item_types(data)
    if not types:
        return "an image sequence without a still picture" if b"moov" in data[:4096] else None
    if _DECODED in types:
        return None
    return next((_CODECS[name] for name in types if name in _CODECS), None)
