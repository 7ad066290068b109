"""Opens AVIF files, and reads what Pillow's decoder does not offer: code points, and all bits of a sample."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ._decoding import Decoder, decoding, opened
from ._refusal import Refusal
from .isobmff import read_properties, with_sizes


def open_avif(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens an AVIF. Its ``info`` gets the keys "nclx_profile" and "bit_depth", as pillow_heif provides them.

    Raises:
        Refusal: libavif does not read the file.
    """
    try:
        image = opened(decoder, data)
    except Refusal:
        repaired = with_sizes(data)
        if repaired == data:
            raise
        image = opened(decoder, repaired)
    # MIAF (ISO/IEC 23000-22): the file's own properties turn the picture, and no metadata. Pillow has put
    # them into EXIF, but would also look for an orientation in XMP.
    image.info.pop("xmp", None)
    properties = read_properties(data)
    image.info["bit_depth"] = properties.bits
    if properties.code_points:
        primaries, transfer = properties.code_points
        image.info["nclx_profile"] = {"color_primaries": primaries, "transfer_characteristics": transfer}
    return image


@cache
def reads_all_bits() -> bool:
    """Returns whether the library is installed that decodes more than 8 bits; Pillow rounds them to 8."""
    return find_spec("imagecodecs") is not None


def decode_all_bits(data: bytes) -> NDArray[np.uint16]:
    """Returns the samples of an AVIF of 10 or 12 bits, [height, width(, channels)], 0..65535, not turned.

    Raises:
        Refusal: libavif does not read the file.
    """
    imagecodecs: Any = importlib.import_module("imagecodecs")
    bits = read_properties(data).bits
    try:
        with decoding():
            values = imagecodecs.avif_decode(data, 0)
    except Refusal:
        with decoding():
            values = imagecodecs.avif_decode(with_sizes(data), 0)
    # The highest bits, repeated below, reach from 0 to 65535.
    return np.asarray(values << (16 - bits) | values >> (2 * bits - 16), np.uint16)
