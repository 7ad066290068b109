"""Bytes of a photo file -> an opened image, by content and never by file name.

Decoders are called directly, not through ``Image.open``: that would warn about large photos (an exception
under ``python -W error``, and warning filters cannot be changed thread-safely), and could start decoders that
nobody asked for, such as EPS, which runs Ghostscript.
"""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from PIL import Image, ImageFile

from .errors import PhotoError, PhotoTooLarge, PhotoUnreadable

SUPPORTED = ("JPEG", "PNG", "WEBP", "AVIF", "HEIC", "TIFF", "BMP", "GIF")
"""Formats, told by content and never by file name. AVIF needs Pillow 11.3, HEIC the extra [heic]."""

HEAD = 64
"""Bytes that tell the format."""

_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II\x2a\x00": "TIFF",
    b"MM\x00\x2a": "TIFF",
    b"II\x2b\x00": "TIFF",
    b"MM\x00\x2b": "TIFF",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
_BRANDS = dict.fromkeys((b"avif", b"avis"), "AVIF") | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIC"
)
_DECODERS = {
    "JPEG": ("mobileiqa_sdk.jpeg", "Jpeg", "pillow"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile", "pillow"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile", "pillow>=11"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile", "pillow>=11.3"),
    "HEIC": ("pillow_heif", "HeifImageFile", "mobileiqa-sdk[heic]"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile", "pillow"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile", "pillow"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile", "pillow"),
}


def open_image(data: bytes, label: str) -> Image.Image:
    """The opened image, its size known and its pixels not decoded."""
    name = file_format(data, label)
    decoder = _decoder(name, label)
    with named_errors(label):
        flaw = _flaw(name, data)
        if flaw is not None:
            raise PhotoUnreadable(label, flaw)
        return decoder(io.BytesIO(data))


def file_format(data: bytes | bytearray, label: str) -> str:
    """The format that the first `HEAD` bytes announce."""
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        # ISO/IEC 14496-12: the main brand, a version, then the brands it is compatible with.
        end = min(int.from_bytes(data[:4], "big"), HEAD)
        brands = [bytes(data[8:12]), *(bytes(data[i : i + 4]) for i in range(16, end, 4))]
        known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
        if known or brands[0] in (b"mif1", b"msf1"):
            return known[0] if known else "HEIC"
    raise PhotoUnreadable(label, f"is no image in a supported format ({', '.join(SUPPORTED)})")


def _decoder(name: str, label: str) -> Callable[[BinaryIO], Image.Image]:
    module_name, class_name, package = _DECODERS[name]
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise PhotoUnreadable(label, _cannot_decode(name, package)) from error
    if not getattr(module, "SUPPORTED", True):  # Pillow's plugins of optional libraries say so
        raise PhotoUnreadable(label, _cannot_decode(name, package))
    return cast("Callable[[BinaryIO], Image.Image]", getattr(module, class_name))


def _cannot_decode(name: str, package: str) -> str:
    return f'is {name}, which needs another package: pip install "{package}"'


def _flaw(name: str, data: bytes) -> str | None:
    """What Pillow would overlook in this file, as a reason."""
    if name == "TIFF":
        return _tiff_flaw(data)
    # After a PNG's pixels there may be an orientation (eXIf), which would be lost without notice.
    if name == "PNG" and data.rfind(b"IEND") < 0 and not ImageFile.LOAD_TRUNCATED_IMAGES:
        return "is a truncated PNG file; copy or download it again"
    return None


def _tiff_flaw(data: bytes) -> str | None:
    """Camera raw (Pillow would show a thumbnail), or a tag's value beyond the end (Pillow would drop it)."""
    order: Any = "<" if data[:2] == b"II" else ">"
    big = 43 in data[2:4]
    start, count_format, entry_format = (8, "Q", "HHQ8s") if big else (4, "I", "HHI4s")
    (position,) = struct.unpack_from(order + count_format, data, start)
    count_format = "Q" if big else "H"
    (count,) = struct.unpack_from(order + count_format, data, position)
    position += struct.calcsize(order + count_format)
    size = struct.calcsize(order + entry_format)
    for entry in range(position, position + count * size, size):
        tag, kind, length, value = struct.unpack_from(order + entry_format, data, entry)
        number = int.from_bytes(value, "little" if order == "<" else "big")
        if tag == 50706 or (tag == 254 and number & 1):  # DNGVersion; NewSubfileType: reduced resolution
            return "is a camera's raw file, or starts with a thumbnail; convert it to JPEG or PNG first"
        bytes_each = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}.get(
            kind, 1
        )
        extent = length * bytes_each
        # Tags that the pixels depend on: baseline to XMP (700), and the ICC profile.
        if extent > len(value) and number + extent > len(data) and (tag <= 700 or tag == 34675):
            return (
                None
                if ImageFile.LOAD_TRUNCATED_IMAGES
                else "is a truncated TIFF file; copy or download it again"
            )
    return None


@contextmanager
def named_errors(label: str) -> Iterator[None]:
    try:
        yield
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Where Pillow still checks by itself: inside its TIFF and GIF decoders.
        raise PhotoTooLarge(label, f"{one_line(error)} Pass a smaller copy") from error
    except Exception as error:  # damaged bytes make decoders raise anything
        raise PhotoUnreadable(label, f"cannot be decoded, damaged or truncated: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + "..."  # some decoders quote the file
