"""How far scores move if something else than the contract's rule resizes a photo, as Apple's Vision does.

``python docs/vision_scaling.py PHOTO_OR_FOLDER...``

Vision runs on Apple's systems alone, so its documented options are imitated: ``scaleFill`` stretches,
``scaleFit`` keeps the aspect ratio between black bars, ``centerCrop``, the default, cuts a square. Its filter
is not documented; two are tried, the coarsest and a fine one, which should have Vision's between them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from math import isqrt

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from scipy.stats import spearmanr

from mobileiqa_bench.tables import write_table
from mobileiqa_sdk import PhotoError, Scorer, find_photos
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

Scale = Callable[[Image.Image, tuple[int, int]], Image.Image]

FILTERS = {"bilinear, no antialiasing": None, "Lanczos": Image.Resampling.LANCZOS}
BLURS = (0, 2, 4, 8)
"""Radii of copies that are scored too, so that there is a ranking; pixels, in a photo of a width of 1000."""


def resized(photo: Image.Image, size: tuple[int, int], kernel: Image.Resampling | None) -> Image.Image:
    """Returns the photo at a size (width, height); without a kernel it takes the nearest four pixels."""
    if kernel is not None:
        return photo.resize(size, kernel)
    scale = (photo.width / size[0], 0, 0, 0, photo.height / size[1], 0)
    return photo.transform(size, Image.Transform.AFFINE, scale, Image.Resampling.BILINEAR)


def fill(photo: Image.Image, size: tuple[int, int], kernel: Image.Resampling | None) -> Image.Image:
    """Returns the photo stretched to the size."""
    return resized(photo, size, kernel)


def fit(photo: Image.Image, size: tuple[int, int], kernel: Image.Resampling | None) -> Image.Image:
    """Returns the whole photo between black bars."""
    factor = min(size[0] / photo.width, size[1] / photo.height)
    inner = (round(photo.width * factor), round(photo.height * factor))
    return ImageOps.pad(resized(photo, inner, kernel), size, color="black")


def crop(photo: Image.Image, size: tuple[int, int], kernel: Image.Resampling | None) -> Image.Image:
    """Returns the square in the middle of the photo."""
    side = min(photo.size)
    return resized(ImageOps.fit(photo, (side, side)), size, kernel)


def scalings() -> dict[str, Scale]:
    """Returns Vision's options with each filter, by name."""
    options = {"scaleFill": fill, "scaleFit": fit, "centerCrop": crop}
    return {
        f"{option}, {name}": partial(scale, kernel=kernel)
        for option, scale in options.items()
        for name, kernel in FILTERS.items()
    }


def main(paths: list[str]) -> None:
    """Prints a table."""
    scorer = Scorer(threads=1, exact_decode=True)
    # A request gives a model of any size a size of its own choice: here a square with as many pixels.
    width = height = isqrt(scorer.contract.input.settings[0].max_pixels)
    names = scalings()
    exact: list[float] = []
    moved: dict[str, list[float]] = {name: [] for name in names}
    for path in find_photos(paths):
        if isinstance(path, PhotoError):
            raise path
        whole = read_photo(path)
        for radius in BLURS:
            photo = whole.filter(ImageFilter.GaussianBlur(radius * whole.width / 1000)) if radius else whole
            exact.append(scorer.predict(resize(photo, *scorer.input_size(photo.height, photo.width))).score)
            for name, scale in names.items():
                pixels = np.asarray(scale(photo, (width, height)))
                moved[name].append(scorer.predict(pixels).score)
    rows = []
    for name, scores in moved.items():
        differences = np.abs(np.subtract(scores, exact))
        srcc = spearmanr(scores, exact).statistic
        rows.append((name, f"{differences.mean():.3f}", f"{differences.max():.3f}", f"{srcc:.3f}"))
    print(f"{len(exact)} pictures: {len(exact) // len(BLURS)} photos, as they are and blurred\n")
    print(write_table(("Vision's option", "mean difference", "largest", "SRCC"), rows, "lrrr"))


if __name__ == "__main__":
    main(sys.argv[1:])
