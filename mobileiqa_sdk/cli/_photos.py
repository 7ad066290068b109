"""Which photos `mobileiqa score` scores: arguments, a list in a file, folders, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from ..errors import PhotoError
from ..gallery import find_photos
from ..photo import Photo
from ..sources.find import Source, find_sources

STDIN = "-"
"""The path that stands for standard input; a file of that name is ./-."""

_NAMED = 3
"""Folders that are named when they are skipped."""


def photos_of(paths: tuple[str, ...], list_file: str | None, *, recursive: bool) -> list[Photo | PhotoError]:
    """Returns the photos that files and folders stand for, and says on stderr which folders are left out.

    Args:
        paths: of files and folders, or `STDIN` for the bytes of a photo.
        list_file: a file that lists more paths, or `STDIN`.
        recursive: look into subfolders.

    Raises:
        click.UsageError: there is no path, the list cannot be read, or stdin is closed or named twice.
    """
    skipped: list[str] = []
    photos: list[Photo | PhotoError] = []
    for path in _named(paths, list_file):
        if isinstance(path, str):
            photos += find_photos(path, recursive=recursive, on_skip=skipped.append)
        else:
            photos.append(path)
    _report_skipped(skipped, recursive=recursive)
    return photos


def sources_of(
    paths: tuple[str, ...], list_file: str | None, *, recursive: bool, column: str | None
) -> list[Photo | Source]:
    """Returns what `photos_of` does, with archives, tables and URLs among the paths.

    Args:
        paths: see `photos_of`, as are ``list_file`` and ``recursive``.
        list_file: of more paths and URLs.
        recursive: look into subfolders.
        column: of tables: the one that holds the photos.

    Raises:
        click.UsageError: see `photos_of`.
        ExtraMissing: a URL needs a package that is not installed.
    """
    skipped: list[str] = []
    sources: list[Photo | Source] = []
    for path in _named(paths, list_file):
        if isinstance(path, str):
            sources += find_sources(path, recursive=recursive, column=column, on_skip=skipped.append)
        else:
            sources.append(path)
    _report_skipped(skipped, recursive=recursive)
    return sources


def _named(paths: tuple[str, ...], list_file: str | None) -> Iterator[str | BinaryIO]:
    """Yields the paths, and standard input in the place of `STDIN`."""
    uses = paths.count(STDIN) + (list_file == STDIN)
    if uses > 1:
        raise click.UsageError("standard input can be read once: name - once, or --files-from - alone")
    if uses and sys.stdin is None:
        raise click.UsageError("standard input is closed")
    if not paths and list_file is None:
        raise click.UsageError("name photos or folders, or a list of them by --files-from")
    listed = [] if list_file is None else _listed(list_file)
    for path in paths:
        yield sys.stdin.buffer if path == STDIN else path
    yield from listed


def _listed(file: str) -> list[str]:
    """Returns the paths in a file: one on each line, or separated by NUL, as `find -print0` writes them."""
    try:
        content = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise click.UsageError(f"--files-from {file}: cannot be read: {reason}") from error
    names = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [os.fsdecode(name) for name in names if name]


def _report_skipped(folders: Iterable[str], *, recursive: bool) -> None:
    names = list(dict.fromkeys(folders))
    if not names:
        return
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    kind = "links to folders" if recursive else "subfolders"
    remedy = "name them to score what they hold" if recursive else "-r looks into them"
    click.echo(f"mobileiqa: {kind} skipped: {', '.join(names[:_NAMED])}{more}; {remedy}", err=True)
