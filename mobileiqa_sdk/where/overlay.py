"""Draws scores over a photo: the photo in grey, their colours over it, and what the colours mean below."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

from ..bands import BANDS
from .colours import colours_of
from .windows import Boxes

LEAST_WIDTH = 480
"""Pixels: the legend is at least as wide, and a photo that is not stands in the middle above it."""

_COLOUR = 0.55
"""Share of the colour where there is one; the rest is the photo."""
_DARKEST, _LIGHTEST = 100, 250
"""Levels of the photo's black and white: colours stay readable on it."""
_GREY = (175, 175, 175)
_PAPER, _INK, _MUTED = (255, 255, 255), (34, 34, 34), (110, 110, 110)
_Floats = NDArray[np.float32]
_Sign = Literal["frame", "grey"]


def draw_overlay(
    pixels: NDArray[np.uint8], boxes: Boxes, scores: NDArray[np.float32], remark: str = ""
) -> Image.Image:
    """Returns a picture of scores over a photo, mode "RGB".

    Args:
        pixels: of the photo, uint8 RGB [height, width, 3].
        boxes: windows in these pixels, [rows, columns, 4].
        scores: of the windows, float32 [rows, columns]; NaN where there is nothing to judge.
        remark: what the legend says after the lowest score.
    """
    height, width = pixels.shape[:2]
    unit = min(max(width // 60, 12), 24)
    picture = draw_scores(pixels, boxes, scores, max(unit // 5, 2))
    legend = _legend(max(width, LEAST_WIDTH), unit, _entries(scores, remark))
    canvas = Image.new("RGB", (legend.width, height + legend.height), _PAPER)
    canvas.paste(picture, ((legend.width - width) // 2, 0))
    canvas.paste(legend, (0, height))
    return canvas


def draw_scores(
    pixels: NDArray[np.uint8], boxes: Boxes, scores: NDArray[np.float32], line: int
) -> Image.Image:
    """Returns the picture without its legend, with a frame of so many pixels around the lowest score."""
    picture = Image.fromarray(_coloured(pixels, boxes, scores))
    _frame_lowest(picture, boxes, scores, line)
    return picture


def _coloured(pixels: NDArray[np.uint8], boxes: Boxes, scores: NDArray[np.float32]) -> NDArray[np.uint8]:
    luma = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)[..., np.newaxis]
    grey = _DARKEST + luma * np.float32((_LIGHTEST - _DARKEST) / 255)
    values, shares = interpolated(boxes, scores, pixels.shape[0], pixels.shape[1])
    share = _COLOUR * shares[..., np.newaxis]
    mixed = grey + share * (colours_of(values) - grey)
    coloured: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return coloured


def interpolated(
    boxes: Boxes, scores: NDArray[np.float32], height: int, width: int
) -> tuple[_Floats, _Floats]:
    """Returns the score at each pixel, and how much of it comes from windows that are not flat.

    In the middle of a window it is the window's; between middles it is interpolated in both directions by a
    cubic without steps or creases, and outside of the outermost ones it stays.

    Returns:
        Two float32 arrays [height, width] in [0, 1]: scores, 0 where all windows near are flat, and shares.
    """
    down = _weights(boxes[:, 0, 0], boxes[:, 0, 2], height)
    across = _weights(boxes[0, :, 1], boxes[0, :, 3], width)
    judged = ~np.isnan(scores)
    shares = down @ judged.astype(np.float32) @ across.T
    sums = down @ np.where(judged, scores, 0).astype(np.float32) @ across.T
    return np.divide(sums, shares, out=np.zeros_like(sums), where=shares > 0), shares


def _weights(firsts: NDArray[Any], lasts: NDArray[Any], length: int) -> _Floats:
    """Returns how much each window counts at each pixel of a side, [length, windows]; rows sum to 1."""
    middles = (firsts + lasts - 1) / 2
    pixels = np.arange(length)
    each = [np.interp(pixels, middles, one) for one in np.eye(len(middles))]
    shares = np.stack(each, axis=1)
    smooth: _Floats = (shares * shares * (3 - 2 * shares)).astype(np.float32)  # without creases at middles
    return smooth


def _frame_lowest(picture: Image.Image, boxes: Boxes, scores: NDArray[np.float32], line: int) -> None:
    """Draws a frame around the window with the lowest score: white, with a dark edge on both sides."""
    if np.isnan(scores).all():
        return
    top, left, bottom, right = map(int, boxes.reshape(-1, 4)[np.nanargmin(scores)])
    draw = ImageDraw.Draw(picture)
    box = (left, top, right - 1, bottom - 1)
    draw.rectangle(box, outline=_INK, width=line + 2)
    draw.rectangle((box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), outline=_PAPER, width=line)


def _legend(width: int, unit: int, entries: dict[_Sign, str]) -> Image.Image:
    """Returns the bar of colours with numbers and the words of the bands, and what the rest means."""
    legend = Image.new("RGB", (width, 7 * unit), _PAPER)
    draw = ImageDraw.Draw(legend)
    font, small = _font(unit), _font(unit * 5 // 6)
    left, right, top = 2 * unit, width - 2 * unit, unit
    grey = np.float32((_DARKEST + _LIGHTEST) / 2)
    ramp = grey + _COLOUR * (colours_of(np.linspace(0, 1, right - left)) - grey)  # as it looks on the photo
    bar = np.repeat(np.rint(ramp).astype(np.uint8)[np.newaxis], unit, axis=0)
    legend.paste(Image.fromarray(bar), (left, top))
    for number in range(len(BANDS) + 1):
        x = left + (right - left) * number / len(BANDS)
        draw.text((x, top + 1.2 * unit), f"{number / len(BANDS):g}", _MUTED, small, anchor="ma")
    for number, word in enumerate(BANDS):
        x = left + (right - left) * (number + 0.5) / len(BANDS)
        draw.text((x, top + 1.2 * unit), word, _INK, font, anchor="ma")
    _explain(draw, left, top + 4 * unit, unit, font, entries)
    return legend


def _entries(scores: NDArray[np.float32], remark: str) -> dict[_Sign, str]:
    """Returns what the frame and the grey mean, for those that the picture has."""
    judged = scores[~np.isnan(scores)]
    entries: dict[_Sign, str] = {}
    if judged.size:
        lowest = f"lowest score: {judged.min():.2f}"
        entries["frame"] = f"{lowest}, {remark}" if remark else lowest
    if judged.size < scores.size:
        entries["grey"] = "no colour: nothing to judge"
    return entries


def _explain(
    draw: ImageDraw.ImageDraw, left: int, top: int, unit: int, font: Any, entries: dict[_Sign, str]
) -> None:
    x: float = left
    for sign, text in entries.items():
        square = (x, top, x + unit, top + unit)
        if sign == "frame":
            draw.rectangle(square, outline=_INK, width=max(unit // 6, 2))
        else:
            draw.rectangle(square, fill=_GREY)
        draw.text((x + 1.5 * unit, top + unit / 2), text, _INK, font, anchor="lm")
        x += 3.5 * unit + draw.textlength(text, font)


def _font(size: int) -> Any:
    """Returns Pillow's own font at this size, or the one it has without FreeType."""
    return ImageFont.load_default(size if features.check("freetype2") else None)
