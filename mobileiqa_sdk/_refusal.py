"""Errors raised where the name of the photo is not known, and the one place that adds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._log import log
from ._text import first_line, one_line
from .errors import InternalError, PhotoError, PhotoTooLarge

LIMIT = 600
"""Characters of a reason: some decoders quote the file."""

NO_MEMORY = (
    "does not fit into the free memory; score fewer photos at a time (workers), or pass a smaller copy"
)
"""The reason to refuse a photo for which memory ran out."""


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
        PhotoTooLarge: memory ran out.
        InternalError: any other error. What decoders raise became a `Refusal` in `_decoding`.
    """
    try:
        yield
    except PhotoError:
        raise
    except Refusal as refusal:
        raise refusal.error(photo, one_line(refusal.reason, LIMIT)) from refusal.__cause__
    except MemoryError as error:
        raise out_of_memory(photo) from error
    except Exception as error:  # a fault of the SDK's must neither end a batch nor pass for one of the photo
        log.error("an error inside mobileiqa-sdk while reading %s", one_line(photo), exc_info=error)
        cause = one_line(f"{type(error).__name__}: {first_line(error)}", LIMIT)
        reason = f"cannot be read because of an error inside mobileiqa-sdk ({cause}); please report it"
        raise InternalError(photo, reason) from error


def out_of_memory(photo: str) -> PhotoTooLarge:
    """Returns the error for a photo that does not fit into the memory that is free."""
    return PhotoTooLarge(photo, NO_MEMORY)
