"""Members of a tar archive, plain or compressed, as WebDataset writes it: read once, from front to back."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, BinaryIO, Protocol, cast

from .member import CHUNK, Member, ShardUnreadable, file_member, reading

MAX_HEADERS = 4 << 20
"""Bytes of all headers before one member: names and attributes, which tarfile reads into memory at once."""

MAX_EXPANSION = 200
"""How many times as long as its compressed bytes an archive may become. Photos hardly compress."""

FREE = 1 << 30
"""Bytes up to which `MAX_EXPANSION` does not count."""

_COMPRESSIONS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_BLOCK = 512


def tar_members(shard: str, file: BinaryIO) -> Iterator[Member]:
    """Yields the photos of a tar archive.

    Args:
        shard: name of the archive.
        file: open at its beginning.

    Raises:
        ShardUnreadable: the archive is damaged, ends early, or expands absurdly.
    """
    with reading():
        stream = _Forward(file)
        archive = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:")  # noqa: SIM115 - file is not ours
    while True:
        with reading():
            stream.headers_left = MAX_HEADERS
            entry = archive.next()
            stream.headers_left = None
        if entry is None:
            break
        cast("Any", archive).members.clear()  # tarfile would remember all of them
        if not entry.isreg():
            continue
        if entry.size < 0:
            raise ShardUnreadable("is damaged: a member has a negative length")
        path = f"{shard}/{entry.name.removeprefix('./').lstrip('/')}"
        member = file_member(path, entry.name, entry.size, partial(_opened, archive, entry))
        if member is not None:
            yield member
    if stream.last != bytes(_BLOCK):
        problem = "is damaged: what follows is not a member" if stream.last else "ends before its end mark"
        raise ShardUnreadable(f"{problem}; copy it again")


def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> BinaryIO:
    return cast("BinaryIO", archive.extractfile(entry))  # a regular file, so never None


class _Readable(Protocol):
    def read(self, size: int) -> bytes: ...


class _Forward:
    """The uncompressed bytes of a file, forward only, for `tarfile`.

    Attributes:
        headers_left: how many bytes may be read while members are looked for; None is any number.
        last: what the last read returned.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._raw = _Counted(file)
        self._file = _uncompressed(self._raw)
        self._is_compressed = self._file is not self._raw
        self._position = 0
        self.headers_left: int | None = MAX_HEADERS
        self.last = b""

    def read(self, size: int) -> bytes:
        if self.headers_left is not None:
            self.headers_left -= size
            if self.headers_left < 0:
                raise ShardUnreadable(f"has more than {MAX_HEADERS:,} bytes of names before one member")
        pieces = []
        while size and (piece := self._file.read(min(size, CHUNK))):
            pieces.append(piece)
            size -= len(piece)
            self._position += len(piece)
            self._check_expansion()
        self.last = b"".join(pieces)
        return self.last

    def _check_expansion(self) -> None:
        bound = max(FREE, MAX_EXPANSION * self._raw.count)
        if self._is_compressed and self._position > bound:
            raise ShardUnreadable(f"expands to more than {MAX_EXPANSION} times its length")

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        """Goes forward; stops at the end of the file, where the next read returns nothing."""
        if position < self._position:
            raise ShardUnreadable("is damaged: a member begins before the one that precedes it")
        remaining, self.headers_left = self.headers_left, None
        while self._position < position and self.read(min(CHUNK, position - self._position)):
            pass
        self.headers_left = remaining


class _Counted:
    """A file, and how many bytes of it were read; its first bytes can be looked at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.head = file.read(max(map(len, _COMPRESSIONS)))
        self._returned = 0
        self.count = len(self.head)

    def read(self, size: int = -1) -> bytes:
        if self._returned < len(self.head):
            end = len(self.head) if size < 0 else self._returned + size
            piece = self.head[self._returned : end]
            self._returned += len(piece)
            return piece
        piece = self._file.read(size)
        self.count += len(piece)
        return piece


def _uncompressed(file: _Counted) -> _Readable:
    if file.head.startswith(_ZSTANDARD):
        reason = "is compressed by Zstandard, which is not read; compress it by gzip, or not at all"
        raise ShardUnreadable(reason)
    for magic, opener in _COMPRESSIONS.items():
        if file.head.startswith(magic):
            return cast("_Readable", opener(file))
    return file
