"""Reads a photo, whatever it is passed as, into the upright sRGB picture that is scored.

What decides the pixels, and so the score:

- The first frame of an animation, the first page of a TIFF, the main picture of a phone's MPO or HEIC.
- The EXIF orientation is applied; without one, an orientation in XMP, but for AVIF and HEIC, which are
  turned by the properties of the file. Malformed EXIF means upright.
- Colours become 8-bit sRGB over white, see `mobileiqa_sdk.colour` and docs/formats.md.
- The part that shows: AVIF's crop, and white around a first frame, see `mobileiqa_sdk.canvas`.
- A file that ends early is an error, even if a decoder would grey out the missing part, unless the app has
  set Pillow's ``ImageFile.LOAD_TRUNCATED_IMAGES``, which is honoured. Damage in the middle of a file can
  change pixels without a trace where the format holds no checksums: in all but PNG.

Reading opens no socket, writes no file and changes no state of Pillow's beyond importing its plugins, except
that its libtiff prints no messages any more.

Threads that read at the same time share two budgets, `PIXELS_AT_ONCE` and `BYTES_AT_ONCE`, and wait for each
other where a photo would exceed one, so that memory does not grow with the number of threads times the
largest photo. A photo that is larger than a whole budget is read alone.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from . import _patience, orientation
from ._budget import Budget
from ._decoding import decoding
from ._log import log
from ._refusal import Refusal, named_errors
from ._text import first_line
from .canvas import Part, part_that_shows
from .colour import to_srgb, unit_to_bytes
from .decode import HEAD, file_format, format_of_photo, open_image
from .decoding_memory import shares
from .deep import read_samples
from .errors import PhotoNotFound, PhotoTooLarge, PhotoTooSmall, PhotoUnreadable, PhotoUnsupported
from .parallel import cpus
from .reduction import reduce_jpeg

Photo: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]
)
"""A path, the bytes of a file, an open binary file, a PIL image, or an array [height, width(, 1, 3 or 4)]."""

Fit: TypeAlias = tuple[int, int] | Callable[[int, int], tuple[int, int]]
"""(height, width) of a model's input, or what finds them from the height and width of the upright photo."""

MIN_SIDE = 32
"""Pixels. Anything smaller would be enlarged about forty times: the score would judge the interpolation."""

MAX_PIXELS = 178_956_970
"""Most pixels that are decoded: above it Pillow, by default, sees a decompression bomb (179 megapixels)."""

MAX_STORED = 1 << 30
"""Largest width times height of a JPEG, even if few of its pixels are decoded (1,074 megapixels)."""

MAX_BYTES = 8 * MAX_PIXELS
"""Longest file read: MAX_PIXELS of 16-bit RGBA without compression (1.4 GB)."""

PIXELS_AT_ONCE = max(MAX_PIXELS, 16_000_000 * cpus())
"""Pixels that all threads of the process decode at once. One takes up to 8 bytes in a plain picture; those of
other pictures count for two to four, see `mobileiqa_sdk.decoding_memory`. 16 megapixels a CPU let every CPU
read a phone's photo at the same time."""

LONG_WORK = 4_000_000
"""Pixels, counted as in `PIXELS_AT_ONCE`. Decoding more of them can be interrupted meanwhile."""

_QUICK_PIXELS = 4
"""Pixels of a baseline JPEG that is decoded smaller which take as long as one that is decoded in full."""

BYTES_AT_ONCE = 1 << 30
"""Bytes of long files that all threads hold at once; files up to `SHORT_FILE` are not counted."""

SHORT_FILE = 16 << 20
"""Bytes. A file that turns out longer than this waits for its part of `BYTES_AT_ONCE`."""

_CHUNK = 1 << 20
_PIXEL = 4  # bytes
_NOT_REGULAR = (
    "is not a regular file; to read from a pipe, pass an open binary file, or on a command line - for "
    "standard input"
)
_ACCEPTED = "pass a path, bytes, an open binary file, a PIL image or a numpy array"
# Not by ourselves: tensors often have their channels first, or values that were normalised.
_CONVERT = "pass numpy.asarray(...) of it, of shape height x width x 3, in RGB order"

_OPEN_FLAGS = 0
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY"):  # Windows has none of them
    _OPEN_FLAGS |= getattr(os, _flag, 0)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_UPRIGHT[number] for number in (5, 6, 7, 8)}

_pixels = Budget(PIXELS_AT_ONCE)
_long_files = Budget(BYTES_AT_ONCE)


class Picture(NamedTuple):
    """A photo that was read.

    Attributes:
        name: what errors call it; see :func:`describe`.
        image: upright, sRGB, mode "RGB", loaded.
    """

    name: str
    image: Image.Image


def describe(photo: object) -> str:
    """Returns a short name for errors: the path as given, or ``<bytes>``, ``<file NAME>``, ``<array>``..."""
    if isinstance(photo, (str, os.PathLike)):
        path = os.fsdecode(photo)
        return path if len(path) <= 4096 else path[:200] + "..."  # longer than PATH_MAX: not a path
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
    """Reads a photo as it should be seen.

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
        PhotoNotFound: the path does not lead to a regular file that may be read.
        PhotoUnreadable: empty, truncated or damaged.
        PhotoUnsupported: a file of a format or a layout that is not supported, or a camera's raw file. Not
            one of the types above, or an array of another dtype, shape or range.
        PhotoTooSmall: a side is below `MIN_SIDE`.
        PhotoTooLarge: more than `MAX_PIXELS` would be decoded (checked before they are), more than
            `MAX_STORED` or `MAX_BYTES`, or more than fits into memory.
        InternalError: a fault of the SDK, not of the photo.
    """
    with open_photo(photo, fit=fit) as picture:
        return picture.image


@contextmanager
def open_photo(photo: Photo, *, fit: Fit | None = None) -> Iterator[Picture]:
    """Reads a photo as :func:`read_photo` does, and counts it in the budgets until the block ends.

    Let go of the image when the block ends: its memory is then promised to other threads.
    """
    name = describe(photo)
    with ExitStack() as held:
        with named_errors(name):
            picture = Picture(name, _read(photo, fit, held))
        yield picture


def _read(photo: Photo, fit: Fit | None, held: ExitStack) -> Image.Image:
    if isinstance(photo, np.ndarray):
        return to_srgb(_from_array(photo, held))
    data, part = b"", None
    if isinstance(photo, Image.Image):
        _check_open(photo)
        image, fit = photo, None
    else:
        data = _read_bytes(photo, held)
        if not data:
            is_stream = callable(getattr(photo, "read", None))
            hint = ", or was read to its end before: call seek(0)" if is_stream else ""
            raise Refusal(PhotoUnreadable, f"is empty{hint}")
        image = open_image(data)
        part = part_that_shows(image, data)
    size = image.size
    turn = None
    if image.format == "JPEG":
        _check_stored(image)
        _check_sides(size)
        turn = _turn(image, is_file=bool(data))
        if fit is not None:
            _reduce(image, fit, sideways=turn in _SIDEWAYS)
        _check_pixels(image.size, size)
    else:
        _check_pixels(size, size)
        _check_sides(size)
    amount = shares(image)
    held.enter_context(_pixels.part(amount))
    if max(amount, _work(image, size)) > LONG_WORK:
        return _patience.run(lambda: _decode(image, data, part, turn))
    return _decode(image, data, part, turn)


def _work(image: Image.Image, size: tuple[int, int]) -> int:
    """Returns how many pixels the decoder works through: of a JPEG also those that it leaves out."""
    pixels = size[0] * size[1]
    return pixels // _QUICK_PIXELS if getattr(image, "is_quick", False) else pixels


def _decode(image: Image.Image, data: bytes, part: Part | None, turn: Image.Transpose | None) -> Image.Image:
    """Decodes an opened picture of the file ``data``; returns it upright and in sRGB."""
    samples = read_samples(image, data) if data else None
    if samples is None:
        with decoding():
            image.load()
    if samples is not None and image.format == "TIFF":
        turn = None  # Pillow turns a TIFF that it decodes; this image still is as it was opened
    elif image.format != "JPEG":  # the EXIF of a JPEG precedes its pixels; that of a PNG may follow them
        turn = _turn(image, is_file=bool(data))
    image = to_srgb(image, samples)
    if part is not None:
        image = part.of(image)
        _check_sides(image.size)
    if turn is None:
        return image
    upright = image.transpose(turn)
    upright.info.clear()  # it would otherwise be turned again
    return upright


def _reduce(image: Image.Image, fit: Fit, *, sideways: bool) -> None:
    width, height = image.size
    if callable(fit):
        fit = fit(width, height) if sideways else fit(height, width)
    reduce_jpeg(image, fit, sideways=sideways)


def _read_bytes(photo: object, held: ExitStack) -> bytes:
    if isinstance(photo, (bytes, bytearray, memoryview)):
        try:
            return bytes(photo)
        except ValueError as error:  # a released memoryview
            raise Refusal(PhotoUnreadable, f"cannot be read: {error}") from error
    if isinstance(photo, (str, os.PathLike)):
        return _read_path(os.fsdecode(photo), held)
    if isinstance(photo, io.TextIOBase):
        raise Refusal(PhotoUnsupported, "is open in text mode; open it with mode 'rb'")
    if callable(getattr(photo, "read", None)):
        return _drain(cast("BinaryIO", photo), held)
    kind = f"{type(photo).__module__}.{type(photo).__name__}"
    remedy = _CONVERT if hasattr(photo, "__array__") else _ACCEPTED
    raise Refusal(PhotoUnsupported, f"is of type {kind}; {remedy}")


def format_of_file(path: str) -> str | None:
    """Returns the format that the content of a file announces; None for other files and what cannot be read.

    Raises:
        Refusal: a camera's raw file, or a picture in a format that is not supported.
    """
    try:
        _check_regular(os.stat(path).st_mode)
        with open(path, "rb", buffering=0, opener=_open_regular) as file:
            head = file.read(HEAD)
    except (OSError, ValueError, Refusal):
        return None
    return format_of_photo(head, path)


def _read_path(path: str, held: ExitStack) -> bytes:
    try:
        _check_regular(os.stat(path).st_mode)  # to open a pipe or a device can have effects
        file = open(path, "rb", buffering=0, opener=_open_regular)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:  # ValueError: NUL, or characters the file system cannot encode
        raise Refusal(PhotoNotFound, _why_not_found(path, error)) from error
    with file:
        return _drain(file, held, os.fstat(file.fileno()).st_size, path)


def _open_regular(path: str, flags: int) -> int:
    """Opens without waiting, and looks again: the file may have been replaced since it was looked at."""
    descriptor = os.open(path, flags | _OPEN_FLAGS)
    try:
        _check_regular(os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Refusal(PhotoNotFound, "is a folder; pass the path of one photo")
    if not stat.S_ISREG(mode):  # a pipe could block forever, a device never end
        raise Refusal(PhotoNotFound, _NOT_REGULAR)


def _why_not_found(path: str, error: Exception) -> str:
    if re.match(r"(https?|s3|gs|gcs|az|abfss?|hdfs|ftp|file):/", path.lower()):
        return "is a URL, and scoring opens no connection; download the photo and pass its path or bytes"
    if isinstance(error, FileNotFoundError):
        return "no such file" if path else "the path is empty"
    if isinstance(error, PermissionError):
        return "may not be read; check the permissions of the file and its folders"
    return f"is not a path to a file: {getattr(error, 'strerror', None) or error}"


def _drain(file: BinaryIO | io.FileIO, held: ExitStack, size: int = MAX_BYTES, name: str = "") -> bytes:
    """Reads from the current position to the end; stops early at other formats and overlong files.

    Args:
        file: stays open.
        held: keeps the file's part of the budget.
        size: expected, in bytes; only the budget depends on it.
        name: of the file, or its path.
    """
    buffer = io.BytesIO()
    is_photo = is_counted = False
    while chunk := _read_chunk(file):
        buffer.write(chunk)
        length = buffer.tell()
        if not is_photo and length >= HEAD:
            file_format(buffer.getvalue()[:HEAD], name)
            is_photo = True
        if length > MAX_BYTES:
            raise Refusal(PhotoTooLarge, f"is longer than {MAX_BYTES:,} bytes; pass a smaller copy")
        if not is_counted and length > SHORT_FILE:
            held.enter_context(_long_files.part(size))
            is_counted = True
    if 0 < buffer.tell() < HEAD:
        file_format(buffer.getvalue(), name)
    return buffer.getvalue()  # not a copy: the buffer gives its memory away


def _read_chunk(file: BinaryIO | io.FileIO) -> bytes | bytearray | memoryview:
    try:
        chunk: object = file.read(_CHUNK)
    except MemoryError:
        raise
    except io.UnsupportedOperation as error:
        raise Refusal(PhotoUnsupported, "is not open for reading; open it with mode 'rb'") from error
    except Exception as error:  # the object is the caller's: a zip, a cloud store; it may raise anything
        raise Refusal(PhotoUnreadable, f"cannot be read: {first_line(error)}") from error
    if isinstance(chunk, str):
        raise Refusal(PhotoUnsupported, "is open in text mode; open it with mode 'rb'")
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return chunk
    if chunk is None:  # a stream that would have to wait for more
        return b""
    raise Refusal(PhotoUnreadable, f"cannot be read: its read() returned {type(chunk).__name__}")


def _from_array(array: NDArray[Any], held: ExitStack) -> Image.Image:
    shape = array.shape
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        if array.ndim == 3 and shape[0] in (1, 3, 4):
            hint = "looks like channels first; transpose it to HxWx3: array.transpose(1, 2, 0)"
        elif array.ndim == 1 and array.dtype == np.uint8:
            hint = "if these are the bytes of a file, pass array.tobytes()"
        else:
            hint = "pass one photo, as HxW, HxWx1, HxWx3 (RGB) or HxWx4 (RGBA)"
        raise Refusal(PhotoUnsupported, f"has shape {shape}; {hint}")
    if array.size == 0:
        raise Refusal(PhotoUnsupported, f"has shape {shape}, which holds no pixels")
    size = shape[1], shape[0]
    _check_pixels(size, size)
    _check_sides(size)
    held.enter_context(_pixels.part(shape[0] * shape[1]))
    array = np.asarray(array[:, :, 0] if array.ndim == 3 and shape[2] == 1 else array)
    if array.dtype.kind == "f" and array.dtype.itemsize in (2, 4, 8):
        array = unit_to_bytes(array)
    elif array.dtype != np.uint8:
        hint = " (array / 65535, if it is of 16 bits)" if array.dtype == np.uint16 else ""
        raise Refusal(
            PhotoUnsupported, f"has dtype {array.dtype}; pass uint8 in 0..255 or floats in [0, 1]{hint}"
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _check_open(image: Image.Image) -> None:
    """Refuses a PIL image whose pixels were let go of: after its ``with`` block, or after ``close()``."""
    is_closed = False
    if isinstance(image, ImageFile.ImageFile) and image.tile:  # to be read from its file
        is_closed = getattr(image.fp, "closed", image.fp is None)
    else:
        try:
            _ = cast("Any", image).im.size
        except ValueError:
            is_closed = True
        except (AssertionError, AttributeError):  # not decoded, by a decoder that needs no file any more
            pass
    if is_closed:
        reason = "is closed; pass it before its with block ends, or pass the path"
        raise Refusal(PhotoUnreadable, reason)


def _check_sides(size: tuple[int, int]) -> None:
    width, height = size
    if min(width, height) < MIN_SIDE:
        raise Refusal(PhotoTooSmall, f"is {width}x{height} pixels; both sides must be at least {MIN_SIDE}")


def _check_pixels(decoded: tuple[int, int], size: tuple[int, int]) -> None:
    """Refuses a photo of ``size`` if more than `MAX_PIXELS` of its pixels would be decoded."""
    if decoded[0] * decoded[1] > MAX_PIXELS:
        reason = f"is {size[0]}x{size[1]} pixels; at most {MAX_PIXELS:,} are decoded; pass a smaller copy"
        raise Refusal(PhotoTooLarge, reason)


def _check_stored(jpeg: Image.Image) -> None:
    """Refuses a JPEG whose decoder would work through too much, or hold too much, for a small picture."""
    width, height = jpeg.size
    working_memory = getattr(jpeg, "working_memory", 0)
    if width * height > MAX_STORED:
        reason = f"is {width}x{height} pixels; at most {MAX_STORED:,} are read; pass a smaller copy"
        raise Refusal(PhotoTooLarge, reason)
    if width * height > MAX_PIXELS and working_memory > _PIXEL * MAX_PIXELS:
        reason = f"is a progressive JPEG of {width}x{height} pixels, which takes too much memory"
        raise Refusal(PhotoTooLarge, f"{reason}; pass a smaller copy, or save it as baseline")


def _turn(image: Image.Image, *, is_file: bool) -> Image.Transpose | None:
    """Returns how to turn an image upright. A caller may have changed the EXIF that a PIL image holds."""
    if is_file and image.format != "TIFF":
        return _UPRIGHT.get(orientation.in_metadata(image.info))
    try:
        return _UPRIGHT.get(image.getexif().get(orientation.TAG, orientation.UPRIGHT))
    except MemoryError:
        raise
    except Exception as error:  # EXIF is written by every camera in its own way; it must never cost the photo
        log.debug("ignored malformed EXIF: %s", error)
        return None
