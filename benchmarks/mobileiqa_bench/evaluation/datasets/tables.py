"""Tables of opinions: CSV in any dialect and Excel sheets, as rows of named cells."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetNotFound, TableInvalid
from .rated import ImageFolder, RatedPhoto, some

_DELIMITERS = ",;\t|"
_XLSX = ".xlsx"

Cells = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes:
        path: of its file.
        columns: names, as written.
        rows: (line in the file, cells by column name); rows without any content are left out.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]

    def column(self, *names: str) -> str:
        """The first of these columns that there is; case, spaces, ``_`` and ``-`` do not matter.

        Raises:
            TableInvalid: there is none.
        """
        there = {normal(column): column for column in reversed(self.columns)}
        for name in names:
            if normal(name) in there:
                return there[normal(name)]
        raise TableInvalid(
            f"{self.path}: has no column {' or '.join(map(repr, names))}, "
            f"only {', '.join(map(repr, self.columns))}"
        )

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return normal(name) in map(normal, self.columns)

    def number(self, line: int, cells: Cells, column: str) -> float:
        """A cell as a number; ``0,85`` is one too where commas do not separate cells.

        Raises:
            TableInvalid: it is none, or not finite.
        """
        text = cells[column].strip()
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise TableInvalid(f"{self.path}, line {line}: {column} is {text!r}, which is no number")
        return value


def normal(name: str) -> str:
    """A column's name without what spellings differ in."""
    return re.sub(r"[\s_-]+", " ", name).strip().lower()


def read_table(path: Path) -> Table:
    """Read ``.xlsx`` (its first sheet) or, with any other suffix, CSV in UTF-8.

    The delimiter is the one of comma, semicolon, tab and bar that the header holds most of.

    Raises:
        DatasetNotFound: there is no such file.
        TableInvalid: it cannot be read as a table, or openpyxl, which reads Excel sheets, is missing.
    """
    if not path.is_file():
        raise DatasetNotFound(f"{path}: there is no such table")
    lines = iter(_sheet(path) if path.suffix.lower() == _XLSX else _csv(path))
    columns = tuple(name.strip() for name in next(lines, (0, []))[1])
    if not any(columns):
        raise TableInvalid(f"{path}: has no header; name the columns in its first line")
    rows = []
    for line, cells in lines:
        if any(cell.strip() for cell in cells):
            padded = [*cells, *[""] * (len(columns) - len(cells))]
            # The first of two columns of one name counts, as in Table.column.
            rows.append((line, dict(reversed(list(zip(columns, padded, strict=False))))))
    return Table(path, columns, tuple(rows))


def find_table(*candidates: Path) -> Path:
    """The first of these files that is there; an Excel sheet may have been saved as CSV.

    Raises:
        DatasetNotFound: none is.
    """
    for path in candidates:
        for spelt in (path, path.with_suffix(".csv")):
            if spelt.is_file():
                return spelt
    raise DatasetNotFound(f"{candidates[0]} is missing; get a complete copy of the dataset")


def rate(
    table: Table,
    images: ImageFolder,
    *,
    name: str | Callable[[Cells], str],
    mos: str,
    scale: tuple[float, float],
    subset: str | None = None,
    keep: Callable[[Cells], bool] = lambda cells: True,
) -> list[RatedPhoto]:
    """The photos that a table's rows name, in its order.

    Args:
        table: of opinions.
        images: where the files are.
        name: column of the file's name, or what makes the name from the cells.
        mos: column of the opinion.
        scale: opinions of the worst and of the best photo; they become 0 and 1.
        subset: column of the subset; empty cells are None.
        keep: which rows count.

    Raises:
        TableInvalid: a row has no name or no opinion on the scale, or no row counts.
        DatasetIncomplete: not a single photo is on disk, or a name fits several.
    """
    photos = []
    for line, cells in table.rows:
        if not keep(cells):
            continue
        file = (name(cells) if callable(name) else cells[name]).strip()
        if not file:
            raise TableInvalid(f"{table.path}, line {line}: names no photo")
        opinion = scaled(table.number(line, cells, mos), scale)
        if opinion is None:
            raise TableInvalid(
                f"{table.path}, line {line}: {file!r} has {mos} {cells[mos].strip()}, "
                f"not in {scale[0]:g}..{scale[1]:g}"
            )
        photos.append(
            RatedPhoto(images.find(file), opinion, (cells[subset].strip() or None) if subset else None)
        )
    if not photos:
        raise TableInvalid(f"{table.path}: names no photos")
    return some(photos, table.path.name)


def scaled(value: float, scale: tuple[float, float]) -> float | None:
    """An opinion from its scale (worst, best) to 0..1; None outside of it."""
    worst, best = scale
    share = (value - worst) / (best - worst)
    # Means of ratings that were rescaled may lie a rounding beyond the ends.
    return min(max(share, 0.0), 1.0) if -1e-6 <= share <= 1 + 1e-6 else None


def _csv(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableInvalid(f"{path}: cannot be read as text in UTF-8: {error}") from error
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise TableInvalid(f"{path}, line {reader.line_num}: cannot be read as CSV: {error}") from error


def _sheet(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise TableInvalid(
            f"{path}: Excel sheets are read by openpyxl, which is not installed; pip install openpyxl, "
            "or save the sheet as CSV beside it"
        ) from error
    try:
        with path.open("rb") as file:
            sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
            # Some programs write down a size that is not the sheet's.
            sheet.reset_dimensions()
            for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                yield line, ["" if cell is None else str(cell) for cell in cells]
    # openpyxl raises what zipfile, its XML parser and its own descriptors raise, each by their own name.
    except Exception as error:
        raise TableInvalid(f"{path}: cannot be read as an Excel sheet: {error}") from error
