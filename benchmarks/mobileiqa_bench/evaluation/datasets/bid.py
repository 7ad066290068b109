"""BID: Ciancio et al., No-reference blur assessment of digital pictures based on multifeature classifiers,
2011.

586 photos with realistic blur; published by the Federal University of Rio de Janeiro::

    ImageDatabase/DatabaseImage0001.JPG ...     or beside the sheet
    DatabaseGrades.xlsx                         Image Number, Average Subjective Grade (0..5), ..., std

The grade 0..5 becomes 0..1. There is no official split. The sheet may also be saved as CSV under the same
name.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import TableInvalid
from .rated import ImageFolder, RatedPhoto
from .tables import Cells, find_table, rate, read_table

IMAGES = "ImageDatabase"
TABLE = "DatabaseGrades.xlsx"
SCALE = (0, 5)


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns all photos. Raises as `read_dataset` does."""
    table = read_table(find_table(root / TABLE))
    number = table.column("Image Number")

    def name(cells: Cells) -> str:
        try:
            return f"DatabaseImage{int(float(cells[number])):04d}.JPG"
        except (ValueError, OverflowError) as error:
            raise TableInvalid(
                f"{table.path}: {number} {cells[number]!r} is not a number; get a complete copy"
            ) from error

    folder = root / IMAGES if (root / IMAGES).is_dir() else root
    return rate(
        table, ImageFolder(folder), name=name, mos=table.column("Average Subjective Grade"), scale=SCALE
    )
