"""Errors that do not name the photo yet, and the one place where they get its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from ._text import first_line, one_line
from .errors import PhotoError, PhotoTooLarge, PhotoUnreadable

LIMIT = 600
"""Characters of a reason: some decoders quote the file."""


class Refusal(Exception):
    """A reason to refuse a photo, raised where the photo's name is not known.

    Attributes:
        error: the class that :func:`named_errors` raises in its place.
        reason: the cause and the remedy.
    """

    def __init__(self, error: type[PhotoError], reason: str) -> None:
        super().__init__(error, reason)
        self.error = error
        self.reason = reason


@contextmanager
def named_errors(photo: str) -> Iterator[None]:
    """Turns what reading a photo raises into a :class:`PhotoError` that names it.

    Raises:
        PhotoError: of the class and with the reason of a `Refusal`.
        PhotoTooLarge: memory ran out, or Pillow found a decompression bomb.
        PhotoUnreadable: any other error, which decoders raise for damaged bytes.
    """
    try:
        yield
    except PhotoError:
        raise
    except Refusal as refusal:
        raise refusal.error(photo, one_line(refusal.reason, LIMIT)) from refusal.__cause__
    except MemoryError as error:
        raise out_of_memory(photo) from error
    except RecursionError as error:
        raise PhotoUnreadable(photo, "is nested too deeply to be decoded") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Where Pillow still checks by itself: inside its TIFF and GIF decoders.
        raise PhotoTooLarge(photo, f"{one_line(error, LIMIT)} Pass a smaller copy") from error
    except Exception as error:  # decoders raise anything for damaged bytes
        if _is_out_of_memory(error):
            raise out_of_memory(photo) from error
        cause = one_line(first_line(error), LIMIT)
        if "has not been built in" in str(error):  # libheif's words
            reason = f"is of a kind that is not supported; convert it to JPEG or PNG ({cause})"
            raise PhotoUnreadable(photo, reason) from error
        raise PhotoUnreadable(photo, f"cannot be decoded, damaged or truncated: {cause}") from error


def out_of_memory(photo: str) -> PhotoTooLarge:
    """Returns the error for a photo that does not fit into the memory that is free."""
    return PhotoTooLarge(
        photo,
        "does not fit into the memory that is free; score fewer photos at a time (workers), "
        "or pass a smaller copy",
    )


def _is_out_of_memory(error: Exception) -> bool:
    # Decoders report a failed allocation as an error like any other: Pillow's, libavif's, libheif's words.
    text = str(error).lower()
    return "out of memory" in text or "memory allocation error" in text
