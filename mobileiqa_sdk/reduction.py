"""The decode rule "jpeg-reduced": a JPEG that is much larger than the model's input is decoded smaller.

A JPEG holds 8 x 8 blocks of cosines; taking the first 4 x 4, 2 x 2 or 1 of each decodes the photo at a half,
a quarter or an eighth of its sides in a fraction of the time (libjpeg's scale, Android's inSampleSize). How
much smaller is part of the rule, so that the same photo gives the same pixels everywhere. Photos in other
formats are always decoded in full. What the rule does to the ranking is in docs/contract.md.
"""

from __future__ import annotations

from PIL import Image

MARGIN = 1.4
"""A reduced photo has at least so many times the input's width, and height."""

FACTORS = (8, 4, 2)


def reduction(size: tuple[int, int], fit: tuple[int, int]) -> int:
    """By how much both sides are divided: the largest of 8, 4, 2 that leaves the margin, or 1.

    Args:
        size: (width, height) of the upright photo.
        fit: (height, width) of the model's input.
    """
    width, height = size
    for factor in FACTORS:
        if width // factor >= MARGIN * fit[1] and height // factor >= MARGIN * fit[0]:
            return factor
    return 1


def reduce_jpeg(image: Image.Image, fit: tuple[int, int], *, sideways: bool) -> None:
    """Let an opened JPEG, not yet decoded, decode by the rule.

    Args:
        image: changed in place.
        fit: (height, width) of the model's input.
        sideways: the stored pixels lie on their side; they are turned after decoding.
    """
    width, height = image.size
    factor = reduction((height, width) if sideways else (width, height), fit)
    image.draft(None, (width // factor, height // factor))
