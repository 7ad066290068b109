"""Calls decoders, which raise anything for damaged bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeAlias

from PIL import Image

from ._refusal import LIMIT, NO_MEMORY, Refusal
from ._text import first_line, one_line
from .errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported

Decoder: TypeAlias = Callable[[BinaryIO], Image.Image]
"""Opens a file: one of Pillow's or pillow_heif's classes of images."""


def opened(decoder: Decoder, data: bytes) -> Image.Image:
    """Returns the image that a decoder makes of a file; its pixels are not decoded.

    Raises:
        Refusal: the decoder does not read the file, see :func:`decoding`.
    """
    with decoding():
        return decoder(io.BytesIO(data))


@contextmanager
def decoding() -> Iterator[None]:
    """Turns what decoders raise for damaged bytes into a `Refusal`.

    Only calls of other libraries belong inside: a fault of the SDK's own code must not pass for damage.

    Raises:
        Refusal: as `PhotoTooLarge` if memory ran out or Pillow found a decompression bomb, as
            `PhotoUnsupported` if the decoder was built without the kind of file, else as `PhotoUnreadable`.
    """
    try:
        yield
    except (Refusal, MemoryError):
        raise
    except RecursionError as error:
        raise Refusal(PhotoUnreadable, "is nested too deeply to be decoded") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Where Pillow still checks by itself: inside its TIFF and GIF decoders.
        raise Refusal(PhotoTooLarge, f"{one_line(error, LIMIT)} Pass a smaller copy") from error
    except Exception as error:  # decoders raise anything for damaged bytes
        raise _why_not_decoded(error) from error


def _why_not_decoded(error: Exception) -> Refusal:
    # Decoders report a failed allocation as an error like any other: Pillow's, libavif's, libheif's words.
    text = str(error).lower()
    if "security limit exceeded" in text:  # libheif's words, which it calls a memory allocation error
        cause = one_line(first_line(error).rpartition("xceeded: ")[2], LIMIT)
        return Refusal(
            PhotoTooLarge, f"exceeds a limit of its decoder ({cause}); save it again as JPEG or PNG"
        )
    if "out of memory" in text or "memory allocation error" in text:
        return Refusal(PhotoTooLarge, NO_MEMORY)
    cause = one_line(first_line(error), LIMIT)
    if "has not been built in" in text:  # libheif's words
        reason = f"is of a kind that is not supported; convert it to JPEG or PNG ({cause})"
        return Refusal(PhotoUnsupported, reason)
    return Refusal(PhotoUnreadable, f"cannot be decoded, damaged or truncated: {cause}")
