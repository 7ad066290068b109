"""Opens AVIF files, and reads the code points of the colours, which Pillow's decoder does not offer."""

from __future__ import annotations

from PIL import Image

from ._decoding import Decoder, opened
from ._refusal import Refusal
from .isobmff import read_properties, with_sizes


def open_avif(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens an AVIF. Its ``info`` gets the key "nclx_profile", as pillow_heif provides it for HEIC.

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
    code_points = read_properties(data).code_points
    if code_points:
        primaries, transfer = code_points
        image.info["nclx_profile"] = {"color_primaries": primaries, "transfer_characteristics": transfer}
    return image
