"""What a page shows of a photo beside its score, read in one pass: a small picture, its look, its time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PIL import Image, features

from .._refusal import named_errors
from ..bursts.capture import Capture, read_capture
from ..bursts.looks import Look, look_of
from ..errors import PhotoError
from ..parallel import in_order
from ..photo import open_photo

SIDE = 224
"""Pixels of the longer side of a small picture."""
_QUALITY = 50


class View(NamedTuple):
    """What a page shows of a photo beside its score.

    Attributes:
        thumbnail: the file of a small picture, WebP where Pillow has it, else JPEG; a few kilobytes.
        look: what it looks like, to find bursts.
        capture: what its file says.
    """

    thumbnail: bytes
    look: Look
    capture: Capture


def views_of(photos: Iterable[object], workers: int) -> Iterator[View | None]:
    """Yields the view of each photo, in order; None for what is not the path of a photo that can be read."""
    return in_order(_view, photos, workers)


def _view(photo: object) -> View | None:
    if not isinstance(photo, str):
        return None
    try:
        with open_photo(photo, fit=(SIDE, SIDE)) as (name, image), named_errors(name):
            look = look_of(image)
            thumbnail = _small(image)
        return View(thumbnail, look, read_capture(photo))
    except PhotoError:  # its row says why
        return None


def _small(image: Image.Image) -> bytes:
    scale = min(1.0, SIDE / max(image.size))
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    return file_of(image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2))


def file_of(image: Image.Image) -> bytes:
    """Returns the file of a small picture: WebP where Pillow has it, else JPEG."""
    file = io.BytesIO()
    image.save(file, "WEBP" if features.check("webp") else "JPEG", quality=_QUALITY)
    return file.getvalue()
