"""The size a photo is shrunk to when its aspect ratio is kept; in whole numbers, so that ports agree exactly.

For a photo of W x H pixels, a budget of P pixels and sides that are multiples of m:

1. W * H <= P: the size is W x H. Otherwise it is isqrt(P * W div H) x isqrt(P * H div W), where isqrt is
   the integer part of the square root and div the integer part of a quotient.
2. Each side is rounded down to a multiple of m. A side that would be 0 is m, and the other one at most
   P div m before it is rounded down.

So no photo is enlarged whose sides are at least m, and the budget is never exceeded. Unless a side became m
because it would be 0, the aspect ratio w/h is more than 1 - m/w and less than 1 + m/h times W/H.

A format that cannot take every size lists some. Among those that enlarge neither side, or among all where
each would, the one whose aspect ratio is closest is taken: the largest min(w * H, W * h) / max(w * H, W * h),
compared as fractions; of equal ones the one with most pixels, then the first.

For the photos that are read, W * H <= 178,956,970 and sides of at least 32, every product of the first rule
is below 2**53. Comparing two fractions without rounding multiplies numbers up to 2**36 and needs 128 bits.
``tests/vectors/fit.json`` has cases for ports.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt
from typing import Annotated

import msgspec

_Pixels = Annotated[int, msgspec.Meta(ge=1024, le=2**27)]
_Side = Annotated[int, msgspec.Meta(ge=1, le=8192)]


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pixel budget of a free-size network.

    Attributes:
        name: for example ``fast`` or ``high``.
        max_pixels: the most pixels the network is given.
        sizes: (height, width) of every size the artifact takes; empty where it takes any.
    """

    name: str
    max_pixels: _Pixels
    sizes: tuple[tuple[_Side, _Side], ...] = ()


def fitted(height: int, width: int, setting: Setting, multiple: int) -> tuple[int, int]:
    """Returns the (height, width) in pixels that a photo of height x width is resized to.

    >>> fitted(3000, 4000, Setting("fast", 262_144), 32)
    (416, 576)
    >>> fitted(375, 500, Setting("fast", 262_144), 1)
    (375, 500)
    """
    if setting.sizes:
        return _closest(height, width, setting.sizes)
    budget = setting.max_pixels
    if height * width <= budget:
        return _multiples(height, width, budget, multiple)
    return _multiples(isqrt(budget * height // width), isqrt(budget * width // height), budget, multiple)


def _multiples(height: int, width: int, budget: int, multiple: int) -> tuple[int, int]:
    if height < multiple:
        return multiple, _down(min(width, budget // multiple), multiple)
    if width < multiple:
        return _down(min(height, budget // multiple), multiple), multiple
    return _down(height, multiple), _down(width, multiple)


def _down(side: int, multiple: int) -> int:
    return max(side // multiple, 1) * multiple


def _closest(height: int, width: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    within = [size for size in sizes if size[0] <= height and size[1] <= width]

    def likeness(size: tuple[int, int]) -> tuple[Fraction, int]:
        products = size[1] * height, width * size[0]
        return Fraction(min(products), max(products)), size[0] * size[1]

    return max(within or sizes, key=likeness)
