"""The decode rule "jpeg-reduced": a JPEG that is much larger than the model's input is decoded smaller.

A JPEG holds 8 x 8 blocks of cosine coefficients. Using only the first 4 x 4, 2 x 2 or 1 of each block decodes
the photo at a half, a quarter or an eighth of its sides in a fraction of the time (libjpeg's scale, Android's
inSampleSize). How much smaller is part of the rule, so that a photo gives the same pixels everywhere. Photos
in other formats are always decoded in full. docs/contract.md says what the rule does to the ranking.
"""

from __future__ import annotations

from PIL import Image

MARGIN = 7, 5
"""The numerator and denominator of 1.4: a reduced photo is at least 1.4 times the input in each direction."""

FACTORS = (8, 4, 2)
"""By what the sides may be divided, largest first."""


def reduction(size: tuple[int, int], fit: tuple[int, int]) -> int:
    """Returns by how much both sides are divided: the largest of 8, 4, 2 that leaves the margin, else 1.

    Whole numbers only: N leaves the margin if ``5 * (side div N) >= 7 * input`` for width and height.

    Args:
        size: (width, height) of the upright photo.
        fit: (height, width) of the model's input.

    >>> reduction((4000, 3000), (512, 512)), reduction((1400, 1400), (500, 500))
    (4, 2)
    """
    numerator, denominator = MARGIN
    width, height = size
    for factor in FACTORS:
        is_wide = denominator * (width // factor) >= numerator * fit[1]
        is_high = denominator * (height // factor) >= numerator * fit[0]
        if is_wide and is_high:
            return factor
    return 1


def reduce_jpeg(image: Image.Image, fit: tuple[int, int], *, sideways: bool) -> None:
    """Makes an opened JPEG, not yet decoded, decode at the size the rule asks for.

    Args:
        image: changed in place.
        fit: (height, width) of the model's input.
        sideways: whether turning the photo upright swaps its sides.
    """
    width, height = image.size
    factor = reduction((height, width) if sideways else (width, height), fit)
    image.draft(None, (width // factor, height // factor))
