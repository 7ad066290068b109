"""Makes docs/photos.jpg: photos with the scores of the bundled model, some of them made worse.

And docs/screens/map.webp: where one of them is good.

``python docs/make_photos.py``, with scikit-image, which brings the other photos.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from mobileiqa_bench.photographs import shipped_photographs
from mobileiqa_sdk import Scorer

DOCS = Path(__file__).parent
TILE = (300, 200)
CAPTION = 56
COLOURS = {"bad": "#b3261e", "poor": "#b3601e", "fair": "#7a6a00", "good": "#2e7d32", "excellent": "#00695c"}


def blurred(photo: Image.Image) -> Image.Image:
    """Returns the photo as if the camera had missed the focus."""
    return photo.filter(ImageFilter.GaussianBlur(photo.width / 100))


def dark(photo: Image.Image) -> Image.Image:
    """Returns the photo with a seventh of its light."""
    return photo.point(lambda value: value / 7)


def noisy(photo: Image.Image) -> Image.Image:
    """Returns the photo as a small sensor takes it at night: noise of a standard deviation of 60."""
    noise = np.random.default_rng(0).normal(0, 60, (photo.height, photo.width, 3))
    return Image.fromarray(np.clip(np.asarray(photo) + noise, 0, 255).astype(np.uint8))


def compressed(photo: Image.Image) -> Image.Image:
    """Returns the photo at a quarter of its size, saved as JPEG of quality 4."""
    file = io.BytesIO()
    photo.resize((photo.width // 4, photo.height // 4)).save(file, "JPEG", quality=4)
    return Image.open(file).convert("RGB").resize(photo.size)


def tile(photo: Image.Image, caption: str, scorer: Scorer) -> Image.Image:
    """Returns a photo with its score, its band and a caption below."""
    result = scorer.assess(photo)
    picture = Image.new("RGB", (TILE[0], TILE[1] + CAPTION), "white")
    picture.paste(ImageOps.fit(photo, TILE), (0, 0))
    draw = ImageDraw.Draw(picture)
    words = f"{result.score:.3f}  {result.band}"
    draw.text((8, TILE[1] + 4), words, COLOURS[result.band], ImageFont.load_default(24))
    draw.text((8, TILE[1] + 34), caption, "#555555", ImageFont.load_default(14))
    return picture


def main() -> None:
    """Writes the pictures."""
    scorer = Scorer(threads=1)
    shipped = {path.stem: Image.open(path).convert("RGB") for path in shipped_photographs()}
    otters = Image.open(DOCS / "otters.jpg").convert("RGB")
    photos = [
        (otters, "otters"),
        (shipped["chelsea"], "cat"),
        (shipped["coffee"], "coffee"),
        (shipped["rocket"], "rocket"),
        (blurred(otters), "the otters, out of focus"),
        (dark(otters), "underexposed"),
        (noisy(otters), "noisy"),
        (compressed(otters), "small, and compressed too much"),
    ]
    columns, gap = 4, 12
    width, height = TILE[0] + gap, TILE[1] + CAPTION + gap
    sheet = Image.new("RGB", (columns * width - gap, len(photos) // columns * height - gap), "white")
    for number, (photo, caption) in enumerate(photos):
        place = (number % columns * width, number // columns * height)
        sheet.paste(tile(photo, caption, scorer), place)
    sheet.save(DOCS / "photos.jpg", quality=82)
    overlay = scorer.map(DOCS / "otters.jpg").overlay()
    overlay.thumbnail((960, 960), Image.Resampling.LANCZOS)
    overlay.save(DOCS / "screens" / "map.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
