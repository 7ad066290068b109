"""Opens the bytes of a photo file with the decoder for their content; file names do not matter.

Decoders are called directly, not through ``Image.open``: that would warn about large photos (an exception
under ``python -W error``, and warning filters cannot be changed thread-safely), and could start decoders that
nobody asked for, such as EPS, which runs Ghostscript.
"""

from __future__ import annotations

import importlib
from typing import cast

from PIL import Image, ImageFile

from . import foreign, raw
from ._decoding import opened
from ._refusal import Refusal
from .avif import open_avif
from .errors import PhotoUnsupported
from .gif import open_gif
from .heif import open_heif
from .jpeg import open_jpeg
from .png import open_png
from .tiff import open_tiff

SUPPORTED = ("JPEG", "PNG", "WEBP", "AVIF", "HEIC", "TIFF", "BMP", "GIF")
"""Formats, recognised by content. AVIF needs Pillow 11.3, HEIC the extra [heic]."""

HEAD = 1024
"""How many bytes at the start of a file decide its format. An SVG may begin with comments."""

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
# ISO/IEC 23008-12: HEIF of any pictures. The decoder finds out whether it knows them.
_HEIF_BRANDS = {
    *(b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"),
    *(b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi", b"evbs"),
}

_Decoder = type[ImageFile.ImageFile]

# Module, class, and what to install if it is missing.
_DECODERS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile", "pillow"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile", "pillow"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile", "pillow>=11"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile", "pillow>=11.3"),
    "HEIC": ("pillow_heif", "HeifImageFile", "mobileiqa-sdk[heic]"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile", "pillow"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile", "pillow"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile", "pillow"),
}


def open_image(data: bytes) -> Image.Image:
    """Returns the opened image: its size is known, its pixels are not decoded.

    Raises:
        Refusal: an unknown format, a missing decoder, a damaged file, or one that Pillow would misread.
    """
    name = file_format(data)
    decoder = _decoder(name)
    if name == "JPEG":
        return open_jpeg(data, decoder)
    if name == "TIFF":
        return open_tiff(data, decoder)
    if name == "PNG":
        return open_png(data, decoder)
    if name == "AVIF":
        return open_avif(data, decoder)
    if name == "HEIC":
        return open_heif(data, decoder)
    if name == "GIF":
        return open_gif(data, decoder)
    return opened(decoder, data)


def file_format(head: bytes, name: str = "") -> str:
    """Returns the name of the format that the first `HEAD` bytes of a file announce.

    Args:
        head: these bytes, or all of a shorter file.
        name: of the file, or its path. It never makes a file supported, see :func:`foreign.check_picture`.

    Raises:
        Refusal: a raw file, or not one of `SUPPORTED`.
    """
    raw.check_start(head)
    if supported := _supported_format(head):
        return supported
    foreign.check_picture(head, name)
    foreign.check_video(head)
    raise Refusal(PhotoUnsupported, f"is not an image in a supported format ({', '.join(SUPPORTED)})")


def format_of_photo(head: bytes, name: str) -> str | None:
    """Returns the format of a file that is not named like a photo but holds one; None if it does not.

    Args:
        head: its first `HEAD` bytes.
        name: of the file, or its path.

    Raises:
        Refusal: a raw file, or a picture in a format that is not supported.
    """
    raw.check_start(head)
    foreign.check_picture(head, name)
    supported = _supported_format(head)
    # Texts may begin with "BM" too. In a bitmap, the four bytes after its length are zero.
    return None if supported == "BMP" and any(head[6:10]) else supported


def _supported_format(head: bytes) -> str | None:
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        # ISO/IEC 14496-12: the major brand, a version, then the compatible brands.
        end = min(int.from_bytes(head[:4], "big"), HEAD)
        brands = [head[8:12], *(head[i : i + 4] for i in range(16, end, 4))]
        for brand in brands:
            if brand in _BRANDS:
                return _BRANDS[brand]
        if brands[0] in _HEIF_BRANDS:
            return "HEIC"
    return None


def _decoder(name: str) -> _Decoder:
    module_name, class_name, package = _DECODERS[name]
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise _missing(name, package) from error
    if not getattr(module, "SUPPORTED", True):  # Pillow's plugins of optional libraries have this flag
        raise _missing(name, package)
    return cast("_Decoder", getattr(module, class_name))


def _missing(name: str, package: str) -> Refusal:
    return Refusal(PhotoUnsupported, f'is {name}, which needs another package: pip install "{package}"')
