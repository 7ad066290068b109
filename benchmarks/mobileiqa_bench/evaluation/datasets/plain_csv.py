"""Any table of names and opinions: CSV with whatever delimiter, or an Excel sheet."""

from __future__ import annotations

from pathlib import Path

from ..errors import TableInvalid
from .rated import ImageFolder, RatedPhoto
from .tables import Table, rate, read_table

NAMES = (
    "image_name", "image", "filename", "file_name", "file", "name", "img_name", "img", "image_path", "path",
    "photo",
)  # fmt: skip
"""Customary names of the column of file names, the first there is counts."""
OPINIONS = ("mos", "quality_mos", "mean_opinion_score", "mos_zscore", "score", "rating", "quality", "mean")
"""The same for opinions. DMOS is not among them: on its customary scale the best photo has the least."""
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
    """The photos that a table rates, in its order, and the scale of its opinions.

    Args:
        table: the file, with a header.
        images: folder of the photos, in whatever subfolders; None is the table's own.
        name_column: column of file names; None takes the first of `NAMES` that is there.
        mos_column: column of opinions; None takes the first of `OPINIONS` that is there.
        scale: opinions of the worst and the best photo, different and in this order, so that (100, 0)
            turns a scale where less is better; None takes the first of `SCALES` that holds all opinions.

    Raises:
        DatasetNotFound: the table or the folder is not there.
        TableInvalid: it cannot be read, a column is not there, a row has no opinion, or no scale fits.
        DatasetIncomplete: not a single photo is on disk, or a name fits several files.
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
    photos = rate(content, ImageFolder(Path(images or path.parent)), name=name, mos=mos, scale=scale)
    return photos, scale


def _scale(table: Table, mos: str) -> tuple[float, float]:
    opinions = [table.number(line, cells, mos) for line, cells in table.rows]
    if not opinions:
        raise TableInvalid(f"{table.path}: names no photos")
    low, high = min(opinions), max(opinions)
    for worst, best in SCALES:
        if worst <= low and high <= best:
            return worst, best
    raise TableInvalid(
        f"{table.path}: {mos} goes from {low:g} to {high:g}, which is no customary scale; "
        "say what the worst and the best photo would have (--mos-range)"
    )
