"""The private parts of Pillow that decoding needs; where one is missing, no photo is to blame."""

from __future__ import annotations

from typing import Any

import PIL
from PIL import Image, ImageFile

from ._refusal import Refusal
from .errors import InternalError


def set_mode(image: Image.Image, mode: str) -> None:
    """Declares what an opened image will be decoded to.

    Raises:
        Refusal: this version of Pillow is not supported.
    """
    _set(image, "_mode", mode)


def set_size(image: Image.Image, size: tuple[int, int]) -> None:
    """Declares (width, height) of an opened image.

    Raises:
        Refusal: this version of Pillow is not supported.
    """
    _set(image, "_size", size)


def tile_size(tiff: Image.Image) -> tuple[int, int]:
    """Returns (width, height) of the pixels that an opened TIFF stores, which may be turned.

    Raises:
        Refusal: this version of Pillow is not supported.
    """
    width, height = _get(tiff, "_tile_size")
    return width, height


def tile(*fields: Any) -> Any:
    """Returns an entry of ``image.tile``: codec, box, offset and arguments; a tuple before Pillow 11."""
    kind = getattr(ImageFile, "_Tile", None)
    return fields if kind is None else kind(*fields)


def _get(image: Image.Image, name: str) -> Any:
    try:
        return getattr(image, name)
    except AttributeError as error:
        reason = f"Pillow {PIL.__version__} is not supported for this kind of photo; install another version"
        raise Refusal(InternalError, f"{reason}, and please report it") from error


def _set(image: Image.Image, name: str, value: object) -> None:
    _get(image, name)
    setattr(image, name, value)
