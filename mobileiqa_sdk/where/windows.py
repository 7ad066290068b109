"""The overlapping windows that a fitted photo is cut into.

On each side the windows are spread evenly from one edge to the other, so that the first and the last are
flush with the edges and neighbours overlap by at least half of a window. A side that is shorter than a window
has one, as long as itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""Pixels of a window's side, of the photo as the model sees it; the next multiple below if it needs one."""

Boxes = NDArray[np.int64]
"""[rows, columns, 4]: top, left, bottom, right in pixels; the last two are exclusive."""


def window_side(multiple: int) -> int:
    """Returns the side of a window for a model that takes sides that are multiples of a number.

    >>> window_side(1), window_side(24)
    (256, 240)
    """
    return SIDE // multiple * multiple


def starts(length: int, side: int) -> list[int]:
    """Returns where the windows along a side of this length begin, in rising order.

    >>> starts(200, 256), starts(512, 256), starts(600, 256)
    ([0], [0, 128, 256], [0, 114, 229, 344])
    """
    room = length - side
    if room <= 0:
        return [0]
    gaps = -(-room // (side // 2))
    return [number * room // gaps for number in range(gaps + 1)]


def cut(height: int, width: int, side: int) -> Boxes:
    """Returns the windows of a picture of this size, [rows, columns, 4]."""
    tops, lefts = starts(height, side), starts(width, side)
    boxes = np.empty((len(tops), len(lefts), 4), np.int64)
    boxes[..., 0] = np.array(tops)[:, np.newaxis]
    boxes[..., 1] = lefts
    boxes[..., 2] = np.minimum(boxes[..., 0] + side, height)
    boxes[..., 3] = np.minimum(boxes[..., 1] + side, width)
    return boxes


def scaled(boxes: Boxes, size: tuple[int, int], to: tuple[int, int]) -> Boxes:
    """Returns windows of a picture in the pixels of the same picture at another size.

    Args:
        boxes: [..., 4] of top, left, bottom, right.
        size: (height, width) of the picture that they are of.
        to: (height, width) of the other one. Edges are rounded to its pixels.
    """
    before, after = np.array([*size, *size]), np.array([*to, *to])
    rounded: Boxes = (2 * boxes * after + before) // (2 * before)
    return rounded
