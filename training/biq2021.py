"""Reader of BIQ2021 in its published layout.

BIQ2021: A Large-Scale Blind Image Quality Assessment Database, Ahmed and Asif 2022 (arXiv 2202.03879):
12,000 photos of 512x512 pixels with a mean opinion score (MOS) in 0..1 from 30 observers each.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError

IMAGES = "Images"
SPLITS = {"train": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}


@dataclass(frozen=True)
class Photo:
    """One rated photo.

    Attributes:
        path: of the image file, spelt as on disk.
        mos: mean opinion score in 0..1, higher is better.
    """

    path: Path
    mos: float

    @property
    def subset(self) -> str:
        """``ss01`` (found photos), ``ss02`` (made with known faults) or ``ss03`` (from a photo site)."""
        return self.path.name[:4].lower()


def read_split(root: str | Path, split: str) -> list[Photo]:
    """The photos of the official ``train`` or ``test`` split, in the order of its CSV file.

    Args:
        root: the folder that holds ``Images`` and the two CSV files.
        split: ``train`` or ``test``.

    Raises:
        DatasetError: a file is missing, or a row has no name or no MOS in 0..1.
    """
    root = Path(root)
    table = root / SPLITS[split]
    for wanted in (root / IMAGES, table):
        if not wanted.exists():
            raise DatasetError(f"{wanted} is missing; {root} is no copy of BIQ2021")
    # The tables were written on a file system that ignores case: one name differs from its file in case.
    on_disk = {path.name.lower(): path for path in sorted((root / IMAGES).iterdir())}
    photos: list[Photo] = []
    missing: list[str] = []
    for name, mos in _rows(table):
        path = on_disk.get(name.lower())
        if path is None:
            missing.append(name)
        else:
            photos.append(Photo(path, mos))
    if missing:
        more = ", ..." if len(missing) > 10 else ""
        raise DatasetError(
            f"{table.name} names {len(missing)} photos that are not in {root / IMAGES}: "
            f"{', '.join(missing[:10])}{more}; get a complete copy"
        )
    return photos


def _rows(table: Path) -> list[tuple[str, float]]:
    """(name, MOS) of every row. The train table has two empty columns at its end, the test table has none."""
    rows: list[tuple[str, float]] = []
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        next(reader, None)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                name, mos = cells[0].strip(), float(cells[1])
            except (IndexError, ValueError) as error:
                raise DatasetError(
                    f"{table.name}, line {reader.line_num}: no name and MOS in {cells}"
                ) from error
            if not name or not 0 <= mos <= 1:
                raise DatasetError(
                    f"{table.name}, line {reader.line_num}: {name!r} has MOS {mos}, not in 0..1"
                )
            rows.append((name, mos))
    return rows
