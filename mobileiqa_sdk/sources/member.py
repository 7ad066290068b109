"""One photo of an archive, and the rules that all kinds of archives share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from .. import raw
from .._refusal import Refusal
from .._text import first_line
from ..decode import HEAD, file_format, format_of_photo
from ..errors import PhotoError, PhotoTooLarge, PhotoUnreadable
from ..gallery import SUFFIXES

MAX_MEMBER = 256 << 20
"""Bytes of the longest member that is read: members are held in memory, files are not."""

CHUNK = 1 << 20
"""Bytes of one read."""


class Member(NamedTuple):
    """A photo in an archive.

    Attributes:
        path: the archive's name, a slash, and the member's name.
        size: bytes that `read` returns at most.
        read: returns the bytes, or an error; to be called before the next member is taken. It raises
            `ShardUnreadable` if nothing behind the member can be read either.
    """

    path: str
    size: int
    read: Callable[[], bytes | PhotoError]


class ShardUnreadable(Exception):
    """The rest of an archive cannot be read. The message is the reason."""


@contextmanager
def reading() -> Iterator[None]:
    """Turns what a library raises for a damaged archive or a broken connection into `ShardUnreadable`."""
    try:
        yield
    except (MemoryError, ShardUnreadable):
        raise
    except Exception as error:  # tarfile, zipfile, pyarrow and the stores raise anything for hostile bytes
        raise ShardUnreadable(f"cannot be read further: {first_line(error)}") from error


def failed(path: str, error: PhotoError) -> Member:
    """Returns a member that is an error."""
    return Member(path, 0, lambda: error)


def is_hidden(name: str) -> bool:
    """Returns whether a part of the name begins with a dot, as in ``__MACOSX/._photo.jpg``."""
    return any(part.startswith(".") and part != ".." for part in PurePosixPath(name).parts)


def is_named_like_a_photo(name: str) -> bool:
    """Returns whether a file of this name would be scored in a folder."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES | raw.SUFFIXES


def file_member(path: str, name: str, size: int, open_file: Callable[[], BinaryIO]) -> Member | None:
    """Returns the member for a file of an archive; None if it is neither named like a photo nor one.

    A raw file, or a picture in a format that is not supported, is an error, whatever its name.

    Args:
        path: of the member, for its row.
        name: of the file in its archive.
        size: bytes, as the archive says.
        open_file: opens the file.

    Raises:
        ShardUnreadable: the first bytes of the file cannot be read.
    """
    if is_hidden(name):
        return None
    if size > MAX_MEMBER:
        if not is_named_like_a_photo(name):
            return None
        reason = f"is longer than {MAX_MEMBER:,} bytes, the most that is read from an archive; unpack it"
        return failed(path, PhotoTooLarge(path, reason))
    with reading():
        file = open_file()
        head = file.read(HEAD)
    if not is_named_like_a_photo(name):
        try:
            if format_of_photo(head, name) is None:
                return None
        except Refusal as refusal:
            return failed(path, refusal.error(path, refusal.reason))
    return Member(path, size, lambda: _whole(path, head, file, size))


def _whole(path: str, head: bytes, file: BinaryIO, size: int) -> bytes | PhotoError:
    """Returns a file's bytes, ``head`` included; of a file that is not a photo, only those."""
    if size > HEAD and not _is_supported(head):
        return head  # reading it as a photo says what is wrong with it
    pieces = [head]
    length = len(head)
    with reading():
        while length < size and (piece := file.read(min(CHUNK, size - length))):
            pieces.append(piece)
            length += len(piece)
    if length != size:
        return PhotoUnreadable(path, f"has {length:,} of {size:,} bytes; copy the archive again")
    return b"".join(pieces)


def _is_supported(head: bytes) -> bool:
    try:
        file_format(head)
    except Refusal:
        return False
    return True
