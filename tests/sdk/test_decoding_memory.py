"""What a photo counts in the budget of memory, by its kind."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, features

from mobileiqa_sdk import photo
from mobileiqa_sdk.photo import read_photo

LEVELS = np.arange(40 * 50 * 3, dtype=np.uint16).reshape(40, 50, 3)
RGB = Image.fromarray(LEVELS.astype(np.uint8))
HAVE_AVIF = features.check_module("avif") if "avif" in features.modules else False


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def deep() -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, LEVELS, photometric="rgb")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file", "share"),
    [
        (saved(RGB, "JPEG"), 1),
        (saved(RGB, "PNG"), 1),
        (saved(RGB.convert("L"), "BMP"), 1),
        (saved(RGB.convert("RGBA"), "PNG"), 2),
        (saved(RGB.quantize(16), "PNG"), 2),
        (saved(RGB.convert("CMYK"), "TIFF"), 2),
        (saved(RGB, "WEBP"), 3),
        (deep(), 4),
        *([(saved(RGB, "AVIF"), 3)] if HAVE_AVIF else []),
    ],
)
def test_what_a_photo_counts(file: bytes, share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    part = photo._pixels.part
    monkeypatch.setattr(photo._pixels, "part", lambda amount: asked.append(amount) or part(amount))
    read_photo(file)
    assert asked == [share * 40 * 50]
