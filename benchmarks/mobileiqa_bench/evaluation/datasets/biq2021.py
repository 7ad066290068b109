"""BIQ2021: A Large-Scale Blind Image Quality Assessment Database, Ahmed and Asif 2022 (arXiv 2202.03879).

12,000 photos of 512x512 pixels with a mean opinion score (MOS) in 0..1 from 30 observers each; published as
the GitHub repository nisarahmedrana/BIQ2021::

    Images/ss01 (1).jpg ...
    Train (Images and MOS).csv      Image Name, MOS, and two empty columns; 10,000 photos
    Test (Images and MOS).csv       Image Name, MOS; 2,000 photos

One name differs from its file in case. MOS is taken as it is. The subset is the start of a photo's name:
``ss01`` (found photos), ``ss02`` (made with known faults) or ``ss03`` (from a photo site).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import DatasetNotFound
from .rated import ImageFolder, RatedPhoto, complete
from .tables import rate, read_table

IMAGES = "Images"
TABLES = {"train": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}
SCALE = (0, 1)


def read_split(root: str | Path, split: str) -> list[RatedPhoto]:
    """Returns the photos of the official ``train`` or ``test`` split, in the order of its table, all on disk.

    Raises:
        DatasetError: a file is missing, or a row has no name or no MOS in 0..1.
    """
    return complete(read(Path(root), split), TABLES[split])


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns the photos of ``train``, ``test`` or ``all``. Raises as `read_dataset` does."""
    tables = [root / name for key, name in TABLES.items() if split in (key, "all")]
    for path in (root / IMAGES, *tables):
        if not path.exists():
            raise DatasetNotFound(
                f"{path} is missing; {root} is not a copy of BIQ2021; give the folder of one"
            )
    images = ImageFolder(root / IMAGES)
    photos: list[RatedPhoto] = []
    for path in tables:
        table = read_table(path)
        name, mos = table.column("Image Name"), table.column("MOS")
        photos += rate(table, images, name=name, mos=mos, scale=SCALE)
    return [replace(photo, subset=photo.path.name[:4].lower()) for photo in photos]
