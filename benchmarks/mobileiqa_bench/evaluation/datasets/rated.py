"""A photo with people's opinion of it, and where the files are that tables name."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import DatasetIncomplete, DatasetNotFound

_NAMED = 10


@dataclass(frozen=True)
class RatedPhoto:
    """One rated photo.

    Attributes:
        path: of the image file, spelt as on disk; where it should be if it is not there.
        mos: mean opinion score, scaled to 0..1, higher is better.
        subset: the part of its dataset that figures are also given for; None where there are none.
    """

    path: Path
    mos: float
    subset: str | None = None


class ImageFolder:
    """The files below a folder, found by the names that tables give them.

    Tables are written on systems that ignore case, name files with or without their folders and
    suffixes, and come from anywhere: only files below the folder are ever found.

    Raises:
        DatasetNotFound: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DatasetNotFound(f"{root}: there is no such folder of images")
        self.root = root
        self._by_path: dict[str, Path] = {}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for path in (Path(folder, name) for name in sorted(names) if not name.startswith(".")):
                self._by_path.setdefault(path.relative_to(root).as_posix().lower(), path)
                self._by_name[path.name.lower()].append(path)
                self._by_stem[path.stem.lower()].append(path)

    def find(self, name: str) -> Path:
        """The file for a name: at that place, else anywhere below; where it should be if nowhere.

        Raises:
            DatasetIncomplete: several files answer to the name.
        """
        wanted = PurePosixPath(name.strip().replace("\\", "/").lower())
        if there := self._by_path.get(wanted.as_posix()):
            return there
        for found in (self._by_name.get(wanted.name, []), self._by_stem.get(wanted.name, [])):
            if len(found) > 1:
                raise DatasetIncomplete(
                    f"{name!r} may be {found[0]} or {found[1]}; "
                    "write its folder into the table, or name a folder that holds only one of them"
                )
            if found:
                return found[0]
        return self.root / (PurePosixPath(name.strip().replace("\\", "/")).name or "nameless")


def missing(photos: Iterable[RatedPhoto]) -> list[Path]:
    """Where photos should be that are not on disk."""
    return [photo.path for photo in photos if not photo.path.is_file()]


def complete(photos: list[RatedPhoto], table: str) -> list[RatedPhoto]:
    """The photos as they are, if all are on disk.

    Args:
        photos: of one dataset.
        table: what named them, for the error.

    Raises:
        DatasetIncomplete: some are missing; the first ten are named.
    """
    absent = missing(photos)
    if absent:
        more = ", ..." if len(absent) > _NAMED else ""
        raise DatasetIncomplete(
            f"{table} names {len(absent)} photos that are not in {absent[0].parent}: "
            f"{', '.join(path.name for path in absent[:_NAMED])}{more}; get a complete copy"
        )
    return photos


def some(photos: list[RatedPhoto], table: str) -> list[RatedPhoto]:
    """The photos as they are, if any is on disk.

    Raises:
        DatasetIncomplete: none is; most likely the folder is another one.
    """
    if photos and not any(photo.path.is_file() for photo in photos):
        where = photos[0].path.parent
        raise DatasetIncomplete(
            f"none of the {len(photos)} photos that {table} names is below {where}, as {photos[0].path.name}"
        )
    return photos
