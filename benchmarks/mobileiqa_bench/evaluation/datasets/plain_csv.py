"""Any table of names and opinions: CSV with any customary delimiter, or an Excel sheet."""

from __future__ import annotations

from pathlib import Path

from ..errors import TableInvalid
from .rated import ImageFolder, RatedPhoto
from .tables import Table, rate, read_table

NAMES = (
    "image_name", "image", "filename", "file_name", "file", "name", "img_name", "img", "image_path", "path",
    "photo",
)  # fmt: skip
"""Customary names of the column of file names, in order of preference."""
OPINIONS = ("mos", "quality_mos", "mean_opinion_score", "mos_zscore", "score", "rating", "quality", "mean")
"""The same for opinions. DMOS is not included: on its customary scale the best photo has the lowest value."""
SCALES = ((0, 1), (1, 5), (0, 5), (1, 10), (0, 10), (1, 100), (0, 100))
"""Customary scales, (worst, best)."""


def read_csv(
    table: str | Path,
    images: str | Path | None = None,
    *,
    name_column: str | None = None,
    mos_column: str | None = None,
    scale: tuple[float, float] | None = None,
) -> tuple[list[RatedPhoto], tuple[float, float]]:
    """Returns the photos that a table rates, in its order, and the scale of its opinions.

    A row whose opinion is empty is a photo with a `problem`.

    Args:
        table: the file, with a header.
        images: folder of the photos, subfolders included. By default the table's own.
        name_column: column of file names. By default the first of `NAMES` in the table.
        mos_column: column of opinions. By default the first of `OPINIONS` in the table.
        scale: opinions of the worst and the best photo, in this order: (100, 0) is a scale on which less is
            better. By default the first of `SCALES` that contains all opinions.

    Raises:
        DatasetNotFound: the table or the folder does not exist.
        TableInvalid: the table cannot be read, a column is missing, a row has no name, an opinion is not a
            number, or no scale fits.
        DatasetIncomplete: no photo is on disk, or a name matches several files.
    """
    path = Path(table)
    content = read_table(path)
    try:
        name = content.column(*((name_column,) if name_column else NAMES))
        mos = content.column(*((mos_column,) if mos_column else OPINIONS))
    except TableInvalid as error:
        if name_column and mos_column:
            raise
        raise TableInvalid(
            f"{path}: cannot tell the columns of names and opinions among "
            f"{', '.join(map(repr, content.columns))}; say which they are (--name-column, --mos-column)"
        ) from error
    scale = scale or _scale(content, mos)
    photos = rate(
        content, ImageFolder(Path(images or path.parent)), name=name, mos=mos, scale=scale, allow_empty=True
    )
    return photos, scale


def _scale(table: Table, mos: str) -> tuple[float, float]:
    opinions = [table.number(line, cells, mos) for line, cells in table.rows if cells[mos].strip()]
    if not opinions:
        raise TableInvalid(f"{table.path}: names no photos with an opinion")
    low, high = min(opinions), max(opinions)
    for worst, best in SCALES:
        if worst <= low and high <= best:
            return worst, best
    raise TableInvalid(
        f"{table.path}: {mos} goes from {low:g} to {high:g}, which fits no customary scale; "
        "give the MOS of the worst and the best photo (--mos-range)"
    )
