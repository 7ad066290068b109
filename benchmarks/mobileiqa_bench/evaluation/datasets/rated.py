"""A photo with people's opinion of it, and the files that tables name."""

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
        path: of the image file, spelled as on disk; where it should be if it is missing.
        mos: mean opinion score, scaled to 0..1, higher is better; NaN if ``problem`` says why there is none.
        subset: the part of its dataset for which separate figures are given; None if it has no parts.
        problem: why the photo has no opinion and takes no part in the figures; None if it has one.
    """

    path: Path
    mos: float
    subset: str | None = None
    problem: str | None = None


class ImageFolder:
    """The files below a folder, looked up by the names in tables.

    Tables are written on systems that ignore case, and name files with or without their folders and
    suffixes. They come from anywhere, so only files below the folder are ever returned.

    Raises:
        DatasetNotFound: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DatasetNotFound(f"{root}: the folder of images does not exist")
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
        """Resolves a name from a table to a file.

        Returns:
            The file at exactly that relative path, else the only file of that name or stem, else the path
            where the file should be.

        Raises:
            DatasetIncomplete: several files match the name.
        """
        path = PurePosixPath(name.strip().replace("\\", "/"))
        lower = PurePosixPath(path.as_posix().lower())
        if lower.as_posix() in self._by_path:
            return self._by_path[lower.as_posix()]
        for files in (self._by_name.get(lower.name, []), self._by_stem.get(lower.name, [])):
            if len(files) > 1:
                raise DatasetIncomplete(
                    f"{name!r} may be {files[0]} or {files[1]}; "
                    "write its folder into the table, or name a folder that holds only one of them"
                )
            if files:
                return files[0]
        return self.root / (path.name or "nameless")


def missing(photos: Iterable[RatedPhoto]) -> list[Path]:
    """Returns the paths of photos that are not on disk."""
    return [photo.path for photo in photos if not photo.path.is_file()]


def complete(photos: list[RatedPhoto], table: str) -> list[RatedPhoto]:
    """Returns the photos unchanged if all are on disk.

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
    """Returns the photos unchanged if any is on disk.

    Raises:
        DatasetIncomplete: none is; most likely the folder is the wrong one.
    """
    if photos and not any(photo.path.is_file() for photo in photos):
        where = photos[0].path.parent
        raise DatasetIncomplete(
            f"none of the {len(photos)} photos that {table} names, such as {photos[0].path.name}, is below "
            f"{where}; name the folder that holds them"
        )
    return photos
