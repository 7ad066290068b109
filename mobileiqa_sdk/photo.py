"""A photo in any form -> the upright sRGB picture that is scored, or a named error.

What decides the pixels, and so the score:

- The first frame of an animation, the first page of a TIFF, the main picture of a phone's MPO or HEIC.
- The EXIF orientation is applied; without one, an orientation in XMP. Malformed EXIF means upright.
- Colours become 8-bit sRGB over white, see `mobileiqa_sdk.colour`.
- A file that ends early is an error, even if a decoder would grey out the missing part, unless the app has
  set Pillow's ``ImageFile.LOAD_TRUNCATED_IMAGES``, which is honoured. Damage in the middle of a file can
  change pixels without a trace where the format holds no checksums: in all but PNG.

Reading opens no socket, writes no file and changes no state of Pillow's beyond importing its plugins.
"""

from __future__ import annotations

import io
import logging
import os
import stat
from collections.abc import Callable
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .colour import to_srgb, unit_to_bytes
from .decode import HEAD, file_format, named_errors, one_line, open_image
from .errors import PhotoError, PhotoNotFound, PhotoTooLarge, PhotoTooSmall, PhotoUnreadable, PhotoUnsupported
from .reduction import reduce_jpeg

Photo: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]
)
"""A path, the bytes of a file, an open binary file, a PIL image, or an array [height, width(, 1, 3 or 4)]."""

Fit: TypeAlias = tuple[int, int] | Callable[[int, int], tuple[int, int]]
"""(height, width) of a model's input, or what finds them from the height and width of the upright photo."""

MIN_SIDE = 32
"""Pixels. Smaller is an icon: enlarged some forty times, only the interpolation would be left to judge."""

MAX_PIXELS = 178_956_970
"""Width times height: where Pillow, left at its defaults, sees a decompression bomb (179 megapixels)."""

MAX_BYTES = 8 * MAX_PIXELS
"""Longest file read: MAX_PIXELS of 16-bit RGBA without compression (1.4 GB)."""

_CHUNK = 1 << 20
_ACCEPTED = "pass a path, bytes, an open binary file, a PIL image or a numpy array"

_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4 A
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}

_log = logging.getLogger("mobileiqa_sdk")


def describe(photo: object) -> str:
    """A short name for errors: the path as given, or ``<bytes>``, ``<file NAME>``, ``<array>`` and so on."""
    if isinstance(photo, (str, os.PathLike)):
        path = os.fsdecode(photo)
        return path if len(path) <= 4096 else path[:200] + "..."  # longer than PATH_MAX: no path at all
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return "<bytes>"
    if isinstance(photo, Image.Image):
        return "<PIL image>"
    if isinstance(photo, np.ndarray):
        return "<array>"
    if callable(getattr(photo, "read", None)):
        name = getattr(photo, "name", None)
        return f"<file {os.fsdecode(name)}>" if isinstance(name, (str, bytes)) and name else "<file>"
    return f"<{type(photo).__name__}>"


def read_photo(photo: Photo, *, fit: Fit | None = None) -> Image.Image:
    """Read a photo as it should be seen.

    Args:
        photo: see `Photo`. Arrays are RGB, RGBA or grey, uint8 in 0..255 or float16/32/64 in [0, 1]. A file
            is read from its current position to its end and stays open. Nothing passed in is modified.
        fit: (height, width) in pixels that the picture is for, or a function that returns them for the
            height and width of the upright photo. The file of a JPEG that is much larger is decoded smaller,
            see `mobileiqa_sdk.reduction`; None decodes every pixel.

    Returns:
        An upright sRGB image of mode "RGB", loaded. A PIL image that already is all that comes back as the
        same object.

    Raises:
        PhotoNotFound: no regular file at this path that may be read.
        PhotoUnreadable: empty, truncated, damaged, or in no supported format.
        PhotoTooSmall: a side below `MIN_SIDE`.
        PhotoTooLarge: more than `MAX_PIXELS` (checked before pixels are decoded) or `MAX_BYTES`.
        PhotoUnsupported: not one of the types above, or an array of another dtype, shape or range.
    """
    label = describe(photo)
    if isinstance(photo, np.ndarray):
        return _finish(_from_array(photo, label), label)
    if isinstance(photo, Image.Image):
        return _finish(photo, label)
    data = _read_bytes(photo, label)
    if not data:
        raise PhotoUnreadable(label, "is empty")
    return _finish(open_image(data, label), label, fit)


def _read_bytes(photo: object, label: str) -> bytes:
    if isinstance(photo, (bytes, bytearray, memoryview)):
        try:
            return bytes(photo)
        except ValueError as error:  # a released memoryview
            raise PhotoUnreadable(label, f"cannot be read: {error}") from error
    if isinstance(photo, (str, os.PathLike)):
        return _read_path(os.fsdecode(photo), label)
    if isinstance(photo, io.TextIOBase):
        raise PhotoUnsupported(label, "is open in text mode; open it with mode 'rb'")
    if callable(getattr(photo, "read", None)):
        return _drain(cast("BinaryIO", photo), label)
    raise PhotoUnsupported(label, f"is of type {type(photo).__module__}.{type(photo).__name__}; {_ACCEPTED}")


def _read_path(path: str, label: str) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PhotoNotFound(label, "is a folder; pass the path of one photo")
        if not stat.S_ISREG(mode):  # a pipe could block forever, a device never end
            raise PhotoNotFound(label, "is not a regular file; pass an open binary file to read from a pipe")
        file = open(path, "rb")  # noqa: SIM115 - the errors of opening are told from those of reading
    except (OSError, ValueError) as error:  # ValueError: NUL, or characters the file system cannot encode
        raise PhotoNotFound(label, _why_not_found(path, error)) from error
    with file:
        return _drain(file, label)


def _why_not_found(path: str, error: Exception) -> str:
    if path.lower().startswith(("http:/", "https:/")):
        return "is a URL, and scoring opens no connection; download the photo and pass its path or bytes"
    if isinstance(error, FileNotFoundError):
        return "no such file" if path else "the path is empty"
    if isinstance(error, PermissionError):
        return "may not be read; check the permissions of the file and its folders"
    return f"is no path to a file: {getattr(error, 'strerror', None) or error}"


def _drain(file: BinaryIO, label: str) -> bytes:
    """From the current position to the end; stops early when that is no photo, or too long."""
    data, known = bytearray(), False
    try:
        while chunk := file.read(_CHUNK):
            if isinstance(chunk, str):
                raise PhotoUnsupported(label, "is open in text mode; open it with mode 'rb'")
            data += chunk
            if not known and len(data) >= HEAD:
                known = bool(file_format(data[:HEAD], label))
            if len(data) > MAX_BYTES:
                raise PhotoTooLarge(label, f"is longer than {MAX_BYTES:,} bytes; pass a smaller copy")
    except PhotoError:
        raise
    except Exception as error:  # the object is the caller's: a zip, a cloud store; it may raise anything
        raise PhotoUnreadable(label, f"cannot be read: {one_line(error)}") from error
    return bytes(data)


def _from_array(array: NDArray[Any], label: str) -> Image.Image:
    shape = array.shape
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        if array.ndim == 3 and shape[0] in (1, 3, 4):
            hint = "looks like channels first; transpose it to HxWx3: array.transpose(1, 2, 0)"
        else:
            hint = "pass one photo, as HxW, HxWx1, HxWx3 (RGB) or HxWx4 (RGBA)"
        raise PhotoUnsupported(label, f"has shape {shape}; {hint}")
    if array.size == 0:
        raise PhotoUnsupported(label, f"has shape {shape}, which holds no pixels")
    _check_size((shape[1], shape[0]), label)
    array = np.asarray(array[:, :, 0] if array.ndim == 3 and shape[2] == 1 else array)
    if array.dtype.kind == "f" and array.dtype.itemsize in (2, 4, 8):
        array = unit_to_bytes(array, label)
    elif array.dtype != np.uint8:
        raise PhotoUnsupported(label, f"has dtype {array.dtype}; pass uint8 in 0..255 or floats in [0, 1]")
    return Image.fromarray(np.ascontiguousarray(array))


def _finish(image: Image.Image, label: str, fit: Fit | None = None) -> Image.Image:
    with named_errors(label):
        _check_size(image.size, label)
        if fit is not None and image.format == "JPEG":
            sideways = _turn(image) in _SIDEWAYS
            if callable(fit):
                width, height = image.size
                fit = fit(width, height) if sideways else fit(height, width)
            reduce_jpeg(image, fit, sideways=sideways)
        image.load()
        turn = _turn(image)  # the conversion does not keep EXIF
        image = to_srgb(image, label)
        if turn is None:
            return image
        upright = image.transpose(turn)
        upright.info.clear()  # it would still ask to be turned
        return upright


def _check_size(size: tuple[int, int], label: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise PhotoTooLarge(
            label, f"is {width}x{height} pixels; at most {MAX_PIXELS:,} are read; pass a smaller copy"
        )
    if min(width, height) < MIN_SIDE:
        raise PhotoTooSmall(label, f"is {width}x{height} pixels; both sides must be at least {MIN_SIDE}")


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # EXIF is written by every camera in its own way; it must never cost the photo
        _log.debug("ignored malformed EXIF: %s", error)
        return None
