"""Members of a zip archive. It needs a file that can be read at any position: its list stands at its end."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from typing import IO, BinaryIO, cast

from ..errors import PhotoError, PhotoUnreadable, PhotoUnsupported
from .member import Member, ShardUnreadable, failed, file_member, is_hidden, is_named_like_a_photo, reading

MAX_LIST = 64 << 20
"""Bytes of the list of members, which zipfile holds in memory, several times over: about a million names."""

_ENCRYPTED = 1


def zip_members(shard: str, file: BinaryIO) -> Iterator[Member]:
    """Yields the photos of a zip archive.

    Args:
        shard: name of the archive.
        file: open at its beginning.

    Raises:
        ShardUnreadable: it is not a zip archive, its list is damaged, or too long.
    """
    with reading():
        archive = zipfile.ZipFile(cast("IO[bytes]", _Bounded(file)))
    for entry in archive.infolist():
        path = f"{shard}/{entry.filename.removeprefix('./').lstrip('/')}"
        if entry.is_dir():
            continue
        if entry.flag_bits & _ENCRYPTED:
            if is_named_like_a_photo(entry.filename) and not is_hidden(entry.filename):
                yield failed(path, PhotoUnsupported(path, "is encrypted; unpack the archive"))
            continue
        try:
            member = file_member(path, entry.filename, entry.file_size, partial(_opened, archive, entry))
        except ShardUnreadable as error:
            if not is_named_like_a_photo(entry.filename):
                continue
            member = failed(path, PhotoUnreadable(path, str(error)))
        if member is not None:
            yield member._replace(read=partial(_read, member))


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    return cast("BinaryIO", archive.open(entry))


def _read(member: Member) -> bytes | PhotoError:
    """Reads a member; if it is damaged, others can still be found by the list."""
    try:
        return member.read()
    except ShardUnreadable as error:
        return PhotoUnreadable(member.path, str(error))


class _Bounded:
    """A file from which nobody reads more than `MAX_LIST` at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > MAX_LIST:
            raise ShardUnreadable(f"lists its members in more than {MAX_LIST:,} bytes; make several archives")
        return self._file.read(size)

    def seekable(self) -> bool:
        return True
