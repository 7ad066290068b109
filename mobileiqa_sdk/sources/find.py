"""What the paths and URLs of a command line stand for: photos, archives, tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from ..errors import PhotoError, PhotoNotFound
from ..gallery import find_photos
from . import store
from .shard import Shard, kind_of
from .store import StoredPhoto

Source: TypeAlias = str | PhotoError | StoredPhoto | Shard
"""The path of a photo, an error in place of one, a photo behind a URL, or an archive or table of photos."""


def find_sources(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    column: str | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[Source]:
    """Yields what paths and URLs stand for, in order.

    Files and folders are as for :func:`mobileiqa_sdk.find_photos`. A file that is named like an archive
    (``.tar``, ``.tar.gz``, ``.zip`` ...) or a table (``.parquet``, ``.arrow``, ``.feather``) is a `Shard`. In
    folders, archives and tables are not looked into; name them. A URL is one photo, an archive, a folder of
    photos, or has ``*`` in it: ``s3://bucket/train-*.tar``.

    Args:
        paths: of files and folders, and URLs; one may be passed by itself.
        recursive: take the photos in subfolders too.
        column: of tables: the one that holds the photos; None is the only one of bytes.
        on_skip: called with the path of each folder that is not looked into.

    Raises:
        ExtraMissing: a URL or a table needs a package that is not installed.

    >>> list(find_sources(["photo.jpg", "train-0001.tar"]))
    ['photo.jpg', Shard(name='train-0001.tar', kind='tar', column=None, skip=frozenset())]
    """
    for path in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        name = os.fsdecode(path)
        kind = kind_of(name)
        if store.is_url(name):
            yield from _stored(name, recursive, column)
        elif kind is not None and not os.path.isdir(name):
            yield Shard(name, kind, column)
        else:
            yield from find_photos(name, recursive=recursive, on_skip=on_skip)


def _stored(url: str, recursive: bool, column: str | None) -> Iterator[Source]:
    is_empty = True
    try:
        for name, stamp in store.list_url(url, recursive=recursive):
            is_empty = False
            kind = kind_of(name)
            yield StoredPhoto(name, stamp) if kind is None else Shard(name, kind, column)
    except PhotoError as error:
        yield error
        return
    if is_empty:
        hint = "" if recursive else "; --recursive looks in its subfolders too"
        yield PhotoNotFound(url, f"no photos here{hint}")
