"""Pixels in 16 bits a sample, as arrays: Pillow's colour modes have 8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLOURS = {"L": 1, "LA": 1, "La": 1, "CMYK": 4}  # others have 3
_STRIP = 1 << 20  # values


class Samples(NamedTuple):
    """The pixels of a picture in 16 bits.

    Attributes:
        colour: [height, width, 1 (grey), 3 (RGB) or 4 (CMYK)], 0..65535, not premultiplied.
        alpha: [height, width], 0..255, or None if the picture is opaque.
    """

    colour: NDArray[np.uint16]
    alpha: NDArray[np.uint8] | None


def grey_samples(image: Image.Image) -> Samples:
    """Returns the pixels of a loaded image of mode I;16 or, with values of 16 bits, I."""
    values = np.asarray(image).astype(np.uint16)
    return from_values(values, "L", image.info.get("transparency"))


def from_values(values: NDArray[np.uint16], mode: str, key: object = None) -> Samples:
    """Splits values of 16 bits into colour and alpha.

    Args:
        values: [height, width(, channels)].
        mode: Pillow's name of the channels: L, LA, La, RGB, RGBX, RGBA, RGBa or CMYK.
        key: the grey or the (red, green, blue) that is transparent, or None.
    """
    if values.ndim == 2:
        values = values[:, :, None]
    colour = values[:, :, : _COLOURS.get(mode, 3)]
    if mode in ("LA", "La", "RGBA", "RGBa"):
        opacity = values[:, :, -1]
        if mode[-1] == "a":
            colour = _divided_by_alpha(colour, opacity)
        return Samples(colour, to_bytes(opacity))
    if isinstance(key, (int, tuple)):
        return Samples(colour, by_rows(colour, lambda rows: np.where((rows == key).all(-1), 0, 255), ()))
    return Samples(colour, None)


def to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns values of 0..65535 as 0..255, rounded."""
    # (v + 128) // 257 is v / 257 rounded: 257 * 255 = 65535, and 257 is odd, so no value lies half-way.
    return by_rows(values, lambda rows: (rows.astype(np.uint32) + 128) // 257)


def by_rows(
    values: NDArray[Any],
    convert: Callable[[NDArray[Any]], NDArray[Any]],
    channels: tuple[int, ...] | None = None,
) -> NDArray[np.uint8]:
    """Converts a few rows at a time, so that wide intermediate numbers are never held for all pixels.

    Args:
        values: [height, width(, channels)], not empty.
        convert: turns some of the rows into as many rows of numbers in 0..255.
        channels: what follows height and width in the shape of the result; None: what follows in that of
            ``values``.
    """
    result = np.empty(values.shape if channels is None else values.shape[:2] + channels, np.uint8)
    step = max(1, _STRIP * len(values) // values.size)
    for start in range(0, len(values), step):
        result[start : start + step] = convert(values[start : start + step])
    return result


def _divided_by_alpha(colour: NDArray[np.uint16], opacity: NDArray[np.uint16]) -> NDArray[np.uint16]:
    result = np.empty_like(colour)
    for row, (values, alphas) in enumerate(zip(colour, opacity, strict=True)):
        whole = values.astype(np.uint64) * 65535 // np.maximum(alphas, 1)[:, None]
        result[row] = np.minimum(whole, 65535)
    return result
