"""Decodes pictures of more than 8 bits a sample in all their bits.

Pillow's colour modes have no room for them: it opens 16-bit colour as an 8-bit mode and keeps the high byte
of each sample. If the bytes of the samples are declared to be swapped, it keeps the low byte. So such a file
is decoded twice. HEIC is decoded by pillow_heif itself, AVIF by imagecodecs, if that is installed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ._decoding import decoding
from ._pillow import tile
from .avif import decode_all_bits, reads_all_bits
from .decode import open_image
from .isobmff import without_unknown_colours
from .samples import Samples, from_values

_SWAPPED = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
_DEEP_MODES = ("RGB", "RGBX", "RGBA", "CMYK")
# Pillow unpacks 16-bit grey and alpha as RGBA; as RGBA of 8 bits, their four bytes lie side by side.
_GREY_AND_ALPHA = "LA;16B"
_STRIP = 1 << 16  # pixels converted at once


def read_samples(image: Image.Image, data: bytes) -> Samples | None:
    """Decodes an opened picture in all its bits.

    Args:
        image: opened from ``data``; the call does not load it.
        data: the file.

    Returns:
        None if the mode of the image holds all bits. The samples of a TIFF are upright.
    """
    if not is_deep(image):
        return None
    if image.format == "HEIF":
        return _from_heif(data)
    if image.format == "AVIF":
        values = decode_all_bits(data)
        channels = values.shape[2] if values.ndim == 3 else 1
        return from_values(values, {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    raw_modes = _raw_modes(image)
    key = image.info.get("transparency")
    if raw_modes == {_GREY_AND_ALPHA}:
        values = np.asarray(_decoded(data, lambda _: "RGBA")).view(">u2").astype(np.uint16)
        return from_values(values, "LA")
    high = _decoded(data, _as_stored)
    # Not the opened image's size: Pillow turns a TIFF upright when it decodes it.
    values = np.zeros((high.height, high.width, len(high.getbands())), np.uint16)
    _add(values, high, 8)
    del high
    _add(values, _decoded(data, _swapped), 0)
    is_premultiplied = any(raw_mode.startswith("RGBa") for raw_mode in raw_modes)
    return from_values(values, "RGBa" if is_premultiplied else image.mode, key)


def _add(values: NDArray[np.uint16], image: Image.Image, shift: int) -> None:
    """Sets bits of the values a few rows at a time: copies of all pixels would be as large again."""
    step = max(1, _STRIP // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        rows = np.asarray(image.crop((0, top, image.width, bottom)), np.uint16)
        values[top:bottom] |= rows << shift


def _decoded(data: bytes, change: Callable[[str], str]) -> Image.Image:
    """Decodes the file with other raw modes."""
    image = cast("ImageFile.ImageFile", open_image(data))
    _set_raw_modes(image, change)
    with decoding():
        image.load()
    return image


def is_deep(image: Image.Image) -> bool:
    """Returns whether an opened picture that is not loaded has more bits than its mode holds."""
    if image.format == "HEIF" or (image.format == "AVIF" and reads_all_bits()):
        return bool(image.info.get("bit_depth", 8) > 8)
    raw_modes = _raw_modes(image) if image.mode in _DEEP_MODES else set()
    return bool(raw_modes) and all(raw_mode[-4:-1] == ";16" for raw_mode in raw_modes)


def _raw_modes(image: Image.Image) -> set[str]:
    tiles = image.tile if isinstance(image, ImageFile.ImageFile) else []
    return {args if isinstance(args, str) else str(args[0]) for args in (tile[3] for tile in tiles) if args}


def _set_raw_modes(image: ImageFile.ImageFile, change: Callable[[str], str]) -> None:
    tiles: Any = []
    for codec, box, start, args in cast("Any", image).tile:
        changed = change(args) if isinstance(args, str) else (change(args[0]), *args[1:])
        tiles.append(tile(codec, box, start, changed))
    image.tile = tiles


def _as_stored(raw_mode: str) -> str:
    """Returns the raw mode that leaves premultiplied colours as they are."""
    return raw_mode.replace("RGBa", "RGBA")


def _swapped(raw_mode: str) -> str:
    return _as_stored(raw_mode[:-1] + _SWAPPED[raw_mode[-1]])


def _from_heif(data: bytes) -> Samples:
    pillow_heif = importlib.import_module("pillow_heif")
    with decoding():
        file = pillow_heif.open_heif(without_unknown_colours(data), convert_hdr_to_8bit=False)
        values = np.array(file, np.uint16)
    # The bits are the highest of 16. Repeated below, they reach from 0 to 65535.
    values |= values >> file.info["bit_depth"]
    mode = file.mode.partition(";")[0]
    return from_values(values, "L" if mode == "I" else mode)
