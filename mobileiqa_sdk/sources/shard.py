"""One archive or table of photos: a unit of work that is read from its beginning to its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeAlias

from .._text import utf8
from . import store
from .member import Member, ShardUnreadable
from .table import arrow_members, parquet_members
from .tar import tar_members
from .zip import zip_members

Kind: TypeAlias = Literal["tar", "zip", "parquet", "arrow"]
Stamp: TypeAlias = tuple[int, int]
"""Length in bytes and time of modification in nanoseconds: whether a file is still what it was."""

_KINDS: dict[Kind, tuple[str, ...]] = {
    "tar": (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"),
    "zip": (".zip",),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
}


def kind_of(name: str) -> Kind | None:
    """Returns the kind of archive or table that a path or a URL is named like; None for others.

    >>> kind_of("https://example.org/train-0001.tar?versionId=7")
    'tar'
    """
    if store.is_url(name):
        name = name.partition("?")[0].partition("#")[0]
    for kind, suffixes in _KINDS.items():
        if name.lower().endswith(suffixes):
            return kind
    return None


@dataclass(frozen=True)
class Shard:
    """An archive or a table of photos.

    Attributes:
        name: its path or URL.
        kind: how it is read.
        column: of a table: the one that holds the photos; None is the only one that can.
        skip: paths of members that are left out, because their scores are known; in valid UTF-8.
    """

    name: str
    kind: Kind
    column: str | None = None
    skip: frozenset[str] = frozenset()

    def members(self) -> Iterator[Member]:
        """Yields its photos in order; each is read before the next one is taken.

        Raises:
            FileNotFoundError: there is none.
            ShardUnreadable: it cannot be opened, or not be read to its end.
            ExtraMissing: reading it needs a package that is not installed.
        """
        with self._open() as file:
            for member in self._all_members(file):
                if utf8(member.path) not in self.skip:
                    yield member

    def stamp(self) -> Stamp | None:
        """Returns its length and time of modification; None if it cannot be found."""
        if store.is_url(self.name):
            return store.stamp(self.name)
        return file_stamp(self.name)

    def _open(self) -> BinaryIO:
        if store.is_url(self.name):
            return store.open_url(self.name)
        if os.path.exists(self.name) and not os.path.isfile(self.name):
            raise ShardUnreadable("is not a regular file")
        try:
            return open(self.name, "rb")
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:  # ValueError: NUL in the name
            raise ShardUnreadable(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error

    def _all_members(self, file: BinaryIO) -> Iterator[Member]:
        if self.kind == "tar":
            return tar_members(self.name, file)
        if self.kind == "zip":
            return zip_members(self.name, file)
        if self.kind == "parquet":
            return parquet_members(self.name, file, self.column)
        return arrow_members(self.name, file, self.column)


def file_stamp(path: str) -> Stamp | None:
    """Returns the length and time of modification of a file; None if there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
