"""Words, fonts and colours that the drawn pictures share."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFont

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont
Levels = npt.NDArray[np.float32]
"""Of a picture, about 0..255, [H, W, 1 or 3]."""

SERIF = ("DejaVuSerif.ttf", "STIXGeneral.ttf", "STIXGeneralItalic.ttf", "cmr10.ttf", "DejaVuSerif-Bold.ttf")
SANS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "cmss10.ttf")
MONOSPACED = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "cmtt10.ttf")

_ALPHABETS = (
    "etaoinshrdlucmfwypvbgkjqxz",
    "etaoinshrdlucmfwypvbgkjqxz",
    "etaoinshrdlucmfwypvbgkjqxz",
    "оеаинтсрвлкмдпуяыьгзбчйхжш",
    "αοιετσνηυρπκμλωδγχθφβξζψ",
)
"""Latin three times, since most pages are; Cyrillic and Greek. Common letters first."""


@cache
def _fonts() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def _load(name: str, size: int) -> Font:
    return ImageFont.truetype(str(_fonts() / name), size)


def font(generator: np.random.Generator, family: tuple[str, ...], size: int) -> Font:
    """Returns one of a family's fonts at this size in pixels. They come with matplotlib."""
    return _load(str(generator.choice(family)), size)


def pick_font(generator: np.random.Generator, size: int) -> Font:
    """Returns a proportional font at this size in pixels that has every alphabet of :func:`words`."""
    return _load(str(generator.choice(["DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Bold.ttf"])), size)


def pick_alphabet(generator: np.random.Generator) -> str:
    """Returns the letters of one script, common ones first."""
    return str(generator.choice(_ALPHABETS))


def words(generator: np.random.Generator, count: int, alphabet: str = _ALPHABETS[0]) -> list[str]:
    """Returns made-up words of 1 to 11 letters, some with a capital or a stop; some are numbers."""
    weights = 1.0 / np.arange(2, len(alphabet) + 2)
    lengths = 1 + generator.binomial(10, 0.4, count)
    letters = generator.choice(list(alphabet), int(lengths.sum()), p=weights / weights.sum())
    ends = np.cumsum(lengths)
    made = ["".join(letters[end - length : end]) for end, length in zip(ends, lengths, strict=True)]
    draws = generator.random(count)
    for place, draw in enumerate(draws):
        if draw < 0.12:
            made[place] = made[place].capitalize()
        elif draw < 0.22:
            made[place] += "." if draw < 0.18 else ","
        elif draw < 0.26:
            made[place] = str(int(draw * 1e6) % 10000)
    return made


def colour(generator: np.random.Generator, low: int = 0, high: int = 256) -> Colour:
    """Returns a colour whose channels are in ``low`` .. ``high - 1``."""
    red, green, blue = (int(level) for level in generator.integers(low, high, 3))
    return red, green, blue


def grey(level: int) -> Colour:
    """Returns a grey of this level, 0..255."""
    return level, level, level


def size_of(generator: np.random.Generator, shortest: int, longest: int) -> tuple[int, int]:
    """Returns a (width, height), each in ``shortest`` .. ``longest``."""
    width, height = (int(side) for side in generator.integers(shortest, longest + 1, 2))
    return width, height


def image_of(levels: Levels) -> Image.Image:
    """Returns levels, rounded and limited to 0..255, as an RGB image."""
    height, width = levels.shape[:2]
    whole = np.broadcast_to(levels, (height, width, 3))
    return Image.fromarray(np.clip(np.rint(whole), 0, 255).astype(np.uint8))
