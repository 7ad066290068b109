"""Opens HEIF files, and says of a sound one that libheif cannot decode what it is."""

from __future__ import annotations

from PIL import Image

from ._decoding import Decoder, opened
from ._refusal import Refusal
from .errors import PhotoUnsupported
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


def open_heif(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens a HEIF.

    Raises:
        Refusal: the file is damaged, or holds pictures that libheif does not decode: other than HEVC.
    """
    try:
        return opened(decoder, without_unknown_colours(data))
    except Refusal as refusal:
        kind = _other_kind(data)
        if kind is None:
            raise
        raise Refusal(
            PhotoUnsupported, f"is a HEIF of {kind}, a kind that is not supported; convert it to JPEG or PNG"
        ) from refusal.__cause__


def _other_kind(data: bytes) -> str | None:
    types = item_types(data)
    if not types:
        return "an image sequence without a still picture" if b"moov" in data[:4096] else None
    if _DECODED in types:
        return None
    return next((_CODECS[name] for name in types if name in _CODECS), None)
