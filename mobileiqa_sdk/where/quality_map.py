"""Quality over a photo: what a model thinks of each of its windows."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._replacing import replacing
from .._text import one_line
from ..errors import PictureUnsupported
from ..reason import FAULT_FROM, words_for
from .overlay import draw_overlay, draw_scores
from .windows import Boxes, scaled

PICTURE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""The format of a picture by the suffix of its file."""
_QUALITY = 92
_LONGEST_REMARK = 60
"""Characters: a model may call a fault whatever it likes."""

Scores = NDArray[np.float32]


class Window(NamedTuple):
    """One window of a photo.

    Attributes:
        box: top, left, bottom, right in pixels of the upright photo; the last two are exclusive.
        score: predicted quality in [0, 1], higher is better.
        fault: the worst fault in it; None for a model that names none.
        severity: of that fault, in [0, 1].
    """

    box: tuple[int, int, int, int]
    score: float
    fault: str | None = None
    severity: float | None = None


@dataclass(frozen=True, eq=False)
class QualityMap:
    """What a model thinks of the windows of a photo; :meth:`mobileiqa_sdk.Scorer.map` makes it.

    A window's score is what the model answers for the window as if it were the photo. Compare the windows of
    a photo with each other; the photo's own score comes from the whole of it.

    Attributes:
        photo: the path, or a short description such as ``<array>``.
        model: name of the model.
        size: (height, width) in pixels of the upright photo.
        windows: int64 [rows, columns, 4], each window's top, left, bottom, right in pixels of the upright
            photo; the last two are exclusive.
        scores: float32 [rows, columns] in [0, 1], higher is better; NaN where a window is flat, such as a
            clear sky or a wall: there is nothing in it to judge.
        faults: float32 [rows, columns] by the name of the fault, severities in [0, 1], NaN where a window is
            flat; in the model's order, and empty for a model that names none.
        pixels: the photo as the windows were cut from it, uint8 RGB [height, width, 3].

    >>> from mobileiqa_sdk import Scorer
    >>> noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    >>> photo = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
    >>> where = Scorer(threads=1).map(photo)
    >>> where.scores.shape, where.windows[-1, -1].tolist()
    ((3, 4), [224, 384, 480, 640])
    >>> where.overlay().width
    640
    """

    photo: str
    model: str
    size: tuple[int, int]
    windows: Boxes
    scores: Scores
    faults: Mapping[str, Scores]
    pixels: NDArray[np.uint8]

    @property
    def worst(self) -> Window | None:
        """The window with the lowest score, with its worst fault; None if all are flat."""
        if np.isnan(self.scores).all():
            return None
        place = np.unravel_index(np.nanargmin(self.scores), self.scores.shape)
        top, left, bottom, right = map(int, self.windows[place])
        severities = {name: float(values[place]) for name, values in self.faults.items()}
        fault = max(severities, key=severities.__getitem__, default=None)
        severity = None if fault is None else severities[fault]
        return Window((top, left, bottom, right), float(self.scores[place]), fault, severity)

    def overlay(self) -> Image.Image:
        """Returns the photo in grey under the colours of its scores, with a legend below.

        Scores are interpolated between the middles of windows. Flat parts have no colour. The window with
        the lowest score has a frame, and the legend names its worst fault if that is severe enough to be
        named, from :data:`mobileiqa_sdk.reason.FAULT_FROM` on.

        Returns:
            An image of mode "RGB", as wide as `pixels`, or as the legend if that is wider.
        """
        boxes = scaled(self.windows, self.size, (self.pixels.shape[0], self.pixels.shape[1]))
        return draw_overlay(self.pixels, boxes, self.scores, self.remark)

    def small_overlay(self, side: int) -> Image.Image:
        """Returns the overlay without its legend, with at most so many pixels a side."""
        photo = Image.fromarray(self.pixels)
        photo.thumbnail((side, side), Image.Resampling.BICUBIC)
        boxes = scaled(self.windows, self.size, (photo.height, photo.width))
        return draw_scores(np.asarray(photo), boxes, self.scores, line=2)

    @property
    def remark(self) -> str:
        """The worst fault of the worst window in words, if it is severe enough to be named; else empty."""
        worst = self.worst
        if worst is None or worst.fault is None or (worst.severity or 0) < FAULT_FROM:
            return ""
        return one_line(words_for(worst.fault).plain, _LONGEST_REMARK)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the overlay to a file, PNG or JPEG by its suffix; a file that is there is replaced.

        The file is complete or not there at all.

        Raises:
            PictureUnsupported: another suffix.
            OSError: the file cannot be written, or a folder or a device is in its place.
        """
        data = self.encoded(path)
        with replacing(path) as part:
            part.write_bytes(data)

    def encoded(self, path: str | os.PathLike[str]) -> bytes:
        """Returns the bytes of the overlay's file, in the format of this path's suffix.

        Raises:
            PictureUnsupported: the suffix is neither of PNG nor of JPEG.
        """
        kind = picture_format(path)
        file = io.BytesIO()
        self.overlay().save(file, kind, quality=_QUALITY)
        return file.getvalue()


def picture_format(path: str | os.PathLike[str]) -> str:
    """Returns ``PNG`` or ``JPEG`` by the suffix of a path.

    Raises:
        PictureUnsupported: another suffix, or none.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_FORMATS:
        name = os.fspath(path)
        raise PictureUnsupported(f"{name}: pictures are saved as .png or .jpg, not {suffix or 'without one'}")
    return PICTURE_FORMATS[suffix]
