"""Photos of made scenes: blocks of colour that are the scene's own, seen by a camera that moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_MAKE, _EXIF_DIRECTORY, _DATE_TIME_ORIGINAL, _SUBSECONDS = 0x010F, 0x8769, 0x9003, 0x9291


def scene(number: int, *, shift: int = 0, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A view of scene ``number``, moved by some pixels."""
    rng = np.random.default_rng(number)
    blocks = Image.fromarray(rng.integers(50, 200, (9, 12, 3), np.uint8))  # not clipped when brighter
    texture = rng.normal(0, 12, (260, 340, 1))
    wide = np.asarray(blocks.resize((340, 260), Image.Resampling.BICUBIC), np.float64) + texture
    whole = Image.fromarray(np.clip(wide, 0, 255).astype(np.uint8))
    return whole.crop((40 + shift, 30 + shift, 40 + shift + size[0], 30 + shift + size[1]))


def exif_of(time: str | None, subseconds: str | None = None) -> Image.Exif:
    """EXIF with a time of capture, as a camera writes it."""
    exif = Image.Exif()
    exif[_MAKE] = "tests"  # Pillow leaves out EXIF that has nothing in its first directory
    if time is not None:
        exif.get_ifd(_EXIF_DIRECTORY)[_DATE_TIME_ORIGINAL] = time
    if subseconds is not None:
        exif.get_ifd(_EXIF_DIRECTORY)[_SUBSECONDS] = subseconds
    return exif


def save(image: Image.Image, path: Path, time: str | None = None, subseconds: str | None = None) -> str:
    """Writes a photo with a time of capture, if one is given; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, exif=exif_of(time, subseconds), quality=98)
    return str(path)
