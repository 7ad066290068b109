"""Opens PNG files by the chunks that decide their pixels.

Pillow refuses a whole file for a wrong checksum in a comment or for long texts. It is therefore passed the
chunks that decide pixels only. Colour descriptions and what may hold an orientation are read here, where a
fault in them costs nothing else.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image, ImageFile

from ._decoding import Decoder, opened
from ._refusal import Refusal
from .code_points import from_cicp
from .colour import MAX_PROFILE
from .errors import PhotoTooLarge, PhotoUnreadable

MAX_TEXT = 1 << 20
"""Bytes, unpacked, of a text or an EXIF block that is searched for an orientation."""

MAX_CHUNKS = 1 << 18
"""Chunks of a file: encoders put 8 KB of pixels into one, and a file of 2 GB is refused anyway."""

MAX_TRIES = 16
"""Chunks of one type that are searched for colours or an orientation: a small one may unpack to 4 MB."""

_SIGNATURE = 8  # bytes
_HEADER = 8  # length and type of a chunk; its body and a checksum follow
_CHECKSUM = 4
_GREY, _RGB, _PALETTE = 0, 2, 3  # kinds of colour that tRNS goes with
_XMP = b"XML:com.adobe.xmp"
_RAW_EXIF = b"Raw profile type exif"  # ImageMagick's, from before there was eXIf
_KEYWORD = 80  # most bytes of a text's keyword and the zero behind it


def open_png(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens a PNG; of an animation, the picture that viewers without animation show.

    Args:
        data: the file.
        decoder: Pillow's.

    Returns:
        The opened image. Its ``info`` holds what Pillow would put there of the profile, the colours, the
        transparency and the orientation, and "cicp", the body of that chunk. A valid cICP chunk replaces the
        profile. A transparent grey is in the range of the image's values.

    Raises:
        Refusal: the file ends early, has too many chunks, or what decides its pixels is damaged.
    """
    # After a PNG's pixels there may be an orientation (eXIf), which would be lost without notice.
    if data.rfind(b"IEND") < 0 and not ImageFile.LOAD_TRUNCATED_IMAGES:
        raise Refusal(PhotoUnreadable, "is a truncated PNG file; copy or download it again")
    view = memoryview(data)
    kept: list[bytes | memoryview] = [view[:_SIGNATURE]]
    info: dict[str, Any] = {}
    tries: Counter[bytes] = Counter()
    is_before_pixels = True
    for name, start, end in _chunks(data):
        is_before_pixels = is_before_pixels and name != b"IDAT"
        body = view[start + _HEADER : end - _CHECKSUM]
        if name == b"tRNS":
            if is_before_pixels:
                kept.append(_transparency(data, view[start:end]))
        elif not name[0] & 0x20:  # a capital letter: critical
            kept.append(view[start:end])
        elif _is_side_chunk(name, body, is_before_pixels) and tries[name] < MAX_TRIES:
            tries[name] += 1
            for key, value in _READERS[name](bytes(body)).items():
                info.setdefault(key, value)
    image = opened(decoder, b"".join(kept))
    if "cicp" in info:
        info.pop("icc_profile", None)
    image.info.update(info)
    return image


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields type, start and end of each chunk. The last may end beyond the file: that is Pillow's to say.

    Raises:
        Refusal: more than `MAX_CHUNKS`.
    """
    start = _SIGNATURE
    for _ in range(MAX_CHUNKS):
        if start + _HEADER > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, start)
        end = start + _HEADER + length + _CHECKSUM
        yield name, start, end
        if name == b"IEND":
            return
        start = end
    raise Refusal(PhotoTooLarge, f"has more than {MAX_CHUNKS:,} chunks; save it again as an ordinary PNG")


def _is_side_chunk(name: bytes, body: memoryview, is_before_pixels: bool) -> bool:
    """Returns whether a chunk may describe the colours or hold an orientation."""
    if name in _COLOURS:
        return is_before_pixels
    if name in _TEXTS:
        return bytes(body[:_KEYWORD]).partition(b"\0")[0] in (_XMP, _RAW_EXIF)
    return name in _READERS


def _transparency(data: bytes, chunk: memoryview) -> bytes | memoryview:
    """Returns a tRNS chunk with its levels in the range that Pillow gives the values; empty if malformed."""
    if zlib.crc32(chunk[4:-_CHECKSUM]) != int.from_bytes(chunk[-_CHECKSUM:], "big"):
        return chunk  # it decides pixels, so the file is refused
    depth, kind = data[24:26].ljust(2)  # a chunk of transparency before the header would be the first
    body = chunk[_HEADER:-_CHECKSUM]
    if kind == _PALETTE:
        return chunk if len(body) <= 256 else b""
    if len(body) != {_GREY: 2, _RGB: 6}.get(kind):
        return b""
    # Pillow spreads 2 and 4 bits over a byte. PNG, 11.3.1.1: bits above the depth are not used.
    scale = {2: 85, 4: 17}.get(depth, 1)
    levels = [(level & ((1 << depth) - 1)) * scale for (level,) in struct.iter_unpack(">H", body)]
    return _chunk(b"tRNS", struct.pack(f">{len(levels)}H", *levels))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _profile(body: bytes) -> dict[str, Any]:
    name, _, packed = body.partition(b"\0")  # one byte follows: 0, the only method there is
    profile = _unpacked(packed[1:], MAX_PROFILE) if name and packed[:1] == b"\0" else b""
    return {"icc_profile": profile} if profile else {}


def _code_points(body: bytes) -> dict[str, Any]:
    return {"cicp": body} if from_cicp(body) else {}


def _rendering_intent(body: bytes) -> dict[str, Any]:
    return {"srgb": body[0]} if len(body) == 1 else {}


def _gamma(body: bytes) -> dict[str, Any]:
    return {"gamma": int.from_bytes(body, "big") / 100_000} if len(body) == 4 else {}


def _chromaticities(body: bytes) -> dict[str, Any]:
    if len(body) != 32:
        return {}
    return {"chromaticity": tuple(value / 100_000 for value in struct.unpack(">8i", body))}


def _exif(body: bytes) -> dict[str, Any]:
    return {"exif": b"Exif\0\0" + body} if len(body) <= MAX_TEXT else {}


def _text(body: bytes) -> dict[str, Any]:
    keyword, _, text = body.partition(b"\0")
    return _oriented(keyword, text[:MAX_TEXT])


def _packed_text(body: bytes) -> dict[str, Any]:
    keyword, _, packed = body.partition(b"\0")
    return _oriented(keyword, _unpacked(packed[1:], MAX_TEXT)) if packed[:1] == b"\0" else {}


def _international_text(body: bytes) -> dict[str, Any]:
    keyword, _, rest = body.partition(b"\0")
    flags, texts = rest[:2], rest[2:].split(b"\0", 2)  # language, translated keyword, text
    text = _unpacked(texts[-1], MAX_TEXT) if flags == b"\1\0" else texts[-1][:MAX_TEXT]
    return _oriented(keyword, text)


def _oriented(keyword: bytes, text: bytes) -> dict[str, Any]:
    """Returns a text as Pillow looks for an orientation in it."""
    return {keyword.decode(): text.decode("utf-8", "replace")} if text else {}


def _unpacked(packed: bytes, limit: int) -> bytes:
    """Returns what was packed by zlib; empty if that is damaged or longer than ``limit``."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, limit)
    except zlib.error:
        return b""
    return content if unpacker.eof else b""


_COLOURS: dict[bytes, Callable[[bytes], dict[str, Any]]] = {
    b"cICP": _code_points,
    b"iCCP": _profile,
    b"sRGB": _rendering_intent,
    b"gAMA": _gamma,
    b"cHRM": _chromaticities,
}
_TEXTS: dict[bytes, Callable[[bytes], dict[str, Any]]] = {
    b"tEXt": _text,
    b"zTXt": _packed_text,
    b"iTXt": _international_text,
}
_READERS = _COLOURS | _TEXTS | {b"eXIf": _exif}
