"""Puts copies of photos, or links to them, into a folder; nothing in it is ever overwritten."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path


def copy_into(folder: Path, photos: Iterable[str]) -> None:
    """Copies photos with their times; those that are in the folder already, byte for byte, are left.

    Where another file has the name, `` (2)`` is added to it.

    Raises:
        OSError: the folder or a copy cannot be written, or a photo cannot be read.
    """
    _put_into(folder, photos, _copy, lambda photo, target: filecmp.cmp(photo, target, shallow=False))


def link_into(folder: Path, photos: Iterable[str]) -> None:
    """Makes symbolic links to photos, by their absolute paths; links that are there already are left.

    Where another file has the name, `` (2)`` is added to it.

    Raises:
        OSError: the folder cannot be written, or the system or its file system has no symbolic links.
    """
    _put_into(folder, photos, _link, lambda photo, target: os.path.samefile(photo, target))


def _put_into(
    folder: Path,
    photos: Iterable[str],
    put: Callable[[str, Path], None],
    is_there: Callable[[str, Path], bool],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for photo in photos:
        for target in _targets(folder, photo):
            try:
                put(photo, target)
                break
            except FileExistsError:
                if target.is_file() and is_there(photo, target):
                    break


def _targets(folder: Path, photo: str) -> Iterable[Path]:
    name = Path(photo)
    yield folder / name.name
    for number in count(2):
        yield folder / f"{name.stem} ({number}){name.suffix}"


def _copy(photo: str, target: Path) -> None:
    with open(photo, "rb") as source, open(target, "xb") as copy:
        shutil.copyfileobj(source, copy)
    shutil.copystat(photo, target)


def _link(photo: str, target: Path) -> None:
    target.symlink_to(os.path.abspath(photo))
