"""The photos a model is most wrong about, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_sdk.photo import read_photo

COLUMNS, SIDE, CAPTION, GAP = 5, 260, 40, 8
"""Photos in a row, and in pixels: of a photo, of the text below it, and between photos."""


def write_contact_sheet(
    photos: Sequence[RatedPhoto], scores: npt.NDArray[np.floating], out: Path, *, count: int = 20
) -> list[RatedPhoto]:
    """Writes the ``count`` photos with the largest |score - MOS| as a PNG, worst first, and returns them."""
    errors = scores - np.array([photo.mos for photo in photos])
    worst = np.argsort(-np.abs(errors), kind="stable")[:count]
    rows = -(-len(worst) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) + GAP, rows * (SIDE + CAPTION + GAP) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for place, index in enumerate(worst):
        row, column = divmod(place, COLUMNS)
        left = GAP + column * (SIDE + GAP)
        top = GAP + row * (SIDE + CAPTION + GAP)
        photo = read_photo(photos[index].path)
        photo.thumbnail((SIDE, SIDE))
        sheet.paste(photo, (left, top))
        caption = f"{photos[index].path.stem}\nMOS {photos[index].mos:.2f}, score {scores[index]:.2f}"
        draw.multiline_text((left, top + SIDE + 2), caption, fill="black", font=font)
    sheet.save(out)
    return [photos[index] for index in worst]
