"""How much memory reading a picture takes, before it is decoded.

Measured for pictures of 12 megapixels; docs/formats.md has the table.
"""

from __future__ import annotations

from PIL import Image

from .deep import is_deep

SHARE = 8
"""Bytes a pixel that one share of the budget stands for: 4 decoded, and 4 while it is converted or turned."""

_PLAIN_MODES = ("1", "L", "RGB")
_COLOUR_KEYS = ("cicp", "gamma", "chromaticity", "nclx_profile")  # converted by arrays


def shares(image: Image.Image) -> int:
    """Returns how many pixels of a plain picture take as much memory to read as this picture does.

    Args:
        image: opened, not loaded.
    """
    pixels = image.width * image.height
    return pixels * _shares_of_a_pixel(image) + getattr(image, "working_memory", 0) // SHARE


def _shares_of_a_pixel(image: Image.Image) -> int:
    if is_deep(image):
        return 4
    if image.format in ("WEBP", "AVIF"):
        return 3
    is_plain = image.mode in _PLAIN_MODES and not any(key in image.info for key in _COLOUR_KEYS)
    return 1 if is_plain else 2
