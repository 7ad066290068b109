"""Which photos and archives have been scored already, by the rows of an earlier run.

A photo is done when its last row has a score and its file is as it was; errors are tried again. An archive is
done when its last member has a row and the archive is as it was: then errors of members are final, because
the same bytes give the same error. Of an archive that was begun, the members with a row are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ._text import utf8
from .errors import PhotoError
from .sources.find import Source
from .sources.shard import Shard, Stamp, file_stamp
from .sources.store import StoredPhoto, is_url


@dataclass
class _Begun:
    """An archive of which not all members have rows."""

    stamp: Stamp
    members: set[str] = field(default_factory=set)


class Done:
    """What earlier rows say, and the stamps of what is scored now."""

    def __init__(self) -> None:
        self._photos: dict[str, Stamp] = {}
        self._shards: dict[str, Stamp] = {}
        self._begun: dict[str, _Begun] = {}
        self._stamps: dict[str, Stamp | None] = {}

    def note(self, row: Mapping[str, Any]) -> None:
        """Takes a row of an earlier run; later rows of a photo count more than earlier ones.

        Args:
            row: with ``path``, ``score``, ``bytes`` and ``modified_ns``, and for members ``shard`` and
                ``shard_end``.
        """
        shard = row.get("shard")
        stamp = None if row["bytes"] is None else (row["bytes"], row["modified_ns"])
        if shard is not None:
            self._note_member(row, key_of(shard), stamp)
        elif row["score"] is None or stamp is None:
            self._photos.pop(key_of(row["path"]), None)
        else:
            self._photos[key_of(row["path"])] = stamp

    def _note_member(self, row: Mapping[str, Any], shard: str, stamp: Stamp | None) -> None:
        if stamp is None or row["path"] == row["shard"]:  # an error of the archive's own
            return
        begun = self._begun.get(shard)
        if begun is None or begun.stamp != stamp:
            begun = self._begun[shard] = _Begun(stamp)
        begun.members.add(utf8(row["path"]))
        if row["shard_end"]:
            self._shards[shard] = stamp
            del self._begun[shard]

    def missing(self, sources: Iterable[Source]) -> list[Source]:
        """Returns what is not done, in order and once each; of archives that were begun, the rest."""
        remaining: dict[object, Source] = {}  # keeps the order
        for source in sources:
            if isinstance(source, PhotoError):
                remaining.setdefault(source, source)
                continue
            name = name_of(source)
            key = key_of(name)
            # Read before the photo is: one that changes meanwhile will not count as done.
            stamp = self._stamps[name] = _stamp_of(source)
            if isinstance(source, Shard):
                if stamp is None or self._shards.get(key) != stamp:
                    remaining.setdefault(key, self._rest_of(source, stamp))
            elif stamp is None or self._photos.get(key) != stamp:
                remaining.setdefault(key, source)
        return list(remaining.values())

    def _rest_of(self, shard: Shard, stamp: Stamp | None) -> Shard:
        begun = self._begun.get(key_of(shard.name))
        if begun is None or begun.stamp != stamp:
            return shard
        return replace(shard, skip=frozenset(begun.members))

    def stamp_of(self, name: str) -> Stamp | tuple[None, None]:
        """Returns length and time of a photo or an archive, as they were when `missing` looked at it."""
        return self._stamps.get(name) or (None, None)


def key_of(path: str) -> str:
    """Returns a path without what does not change the file that it leads to: ``./a//b`` is ``a/b``.

    One with ``..`` in it stays as it is: what that leads to depends on symbolic links.
    """
    path = utf8(path)
    return path if is_url(path) or ".." in Path(path).parts else os.path.normpath(path)


def name_of(source: str | StoredPhoto | Shard) -> str:
    """Returns the path or URL of a photo or an archive."""
    if isinstance(source, Shard):
        return source.name
    return source.url if isinstance(source, StoredPhoto) else source


def _stamp_of(source: str | StoredPhoto | Shard) -> Stamp | None:
    if isinstance(source, StoredPhoto):
        return source.stamp
    return source.stamp() if isinstance(source, Shard) else file_stamp(source)
