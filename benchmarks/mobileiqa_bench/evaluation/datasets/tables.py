"""Tables of opinions: CSV files and Excel sheets, as rows of named cells."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobileiqa_sdk._text import first_line

from ..errors import DatasetNotFound, TableInvalid
from .rated import ImageFolder, RatedPhoto, some

_DELIMITERS = ",;\t|"
_XLSX = ".xlsx"
_ROUNDING = 1e-6
"""Fraction of the scale by which means of rescaled ratings may exceed its ends."""
_NAMED = 5
"""Other values of a column that an error quotes."""

Cells = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        path: of its file.
        columns: names, as written.
        rows: (line in the file, cells by column name); empty rows are left out.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]

    def column(self, *names: str) -> str:
        """Returns the first of these columns in the table, as spelled there.

        Case does not matter, and neither does the difference between spaces, ``_`` and ``-``.

        Raises:
            TableInvalid: the table has none of them.
        """
        spelled = {normal(column): column for column in reversed(self.columns)}
        for name in names:
            if normal(name) in spelled:
                return spelled[normal(name)]
        raise TableInvalid(
            f"{self.path}: has no column {' or '.join(map(repr, names))}, "
            f"only {', '.join(map(repr, self.columns))}"
        )

    def has(self, name: str) -> bool:
        """Returns whether the table has this column."""
        return normal(name) in map(normal, self.columns)

    def number(self, line: int, cells: Cells, column: str) -> float:
        """Returns a cell as a number; a decimal comma is accepted.

        Raises:
            TableInvalid: the cell is not a finite number.
        """
        text = cells[column].strip()
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise TableInvalid(f"{self.path}, line {line}: {column} is {text!r}, not a number")
        return value


def normal(name: str) -> str:
    """Returns a column's name in lower case, with ``_`` and ``-`` as spaces."""
    return re.sub(r"[\s_-]+", " ", name).strip().lower()


def read_table(path: Path) -> Table:
    """Reads the first sheet of an ``.xlsx`` file or, with any other suffix, CSV in UTF-8.

    The delimiter is the most frequent of comma, semicolon, tab and bar in the header.

    Raises:
        DatasetNotFound: the file does not exist.
        TableInvalid: the file cannot be read as a table, or openpyxl, which reads Excel sheets, is missing.
    """
    if not path.is_file():
        raise DatasetNotFound(f"{path}: the table does not exist")
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
    """Returns the first of these files that exists; an Excel sheet may have been saved as CSV.

    Raises:
        DatasetNotFound: none of them exists.
    """
    for path in candidates:
        for file in (path, path.with_suffix(".csv")):
            if file.is_file():
                return file
    raise DatasetNotFound(f"{candidates[0]} is missing; get a complete copy of the dataset")


def rate(
    table: Table,
    images: ImageFolder,
    *,
    name: str | Callable[[Cells], str],
    mos: str,
    scale: tuple[float, float],
    subset: str | None = None,
    part: tuple[str, str] | None = None,
    allow_empty: bool = False,
) -> list[RatedPhoto]:
    """Returns the photos that a table's rows name, in its order.

    Args:
        table: of opinions.
        images: where the files are.
        name: column of the file's name, or a function from the cells to the name.
        mos: column of the opinion.
        scale: opinions of the worst and of the best photo; they become 0 and 1.
        subset: column of the subset; empty cells are None.
        part: only the rows count that have this value (the second) in this column (the first), in any case.
        allow_empty: a row without an opinion becomes a photo that says so, instead of an error.

    Raises:
        TableInvalid: a row has no name or no opinion on the scale, or there is no row, or none of the part.
        DatasetIncomplete: no photo is on disk, or a name matches several files.
    """
    photos = []
    for line, cells in _rows(table, part):
        file = (name(cells) if callable(name) else cells[name]).strip()
        if not file:
            raise TableInvalid(f"{table.path}, line {line}: names no photo")
        group = cells[subset].strip() if subset else ""
        if allow_empty and not cells[mos].strip():
            problem = f"has no opinion: {mos} is empty in line {line} of {table.path.name}"
            photos.append(RatedPhoto(images.find(file), math.nan, group or None, problem))
            continue
        opinion = scaled(table.number(line, cells, mos), scale)
        if opinion is None:
            raise TableInvalid(
                f"{table.path}, line {line}: {file!r} has {mos} {cells[mos].strip()}, "
                f"not in {scale[0]:g}..{scale[1]:g}"
            )
        photos.append(RatedPhoto(images.find(file), opinion, group or None))
    return some(photos, table.path.name)


def _rows(table: Table, part: tuple[str, str] | None) -> list[tuple[int, Cells]]:
    if not table.rows:
        raise TableInvalid(f"{table.path}: names no photos")
    if part is None:
        return list(table.rows)
    column, value = part
    rows = [(line, cells) for line, cells in table.rows if cells[column].strip().lower() == value]
    if not rows:
        others = list(dict.fromkeys(repr(cells[column].strip()) for _, cells in table.rows))
        more = ", ..." if len(others) > _NAMED else ""
        raise TableInvalid(
            f"{table.path}: no row has {value!r} in the column {column!r}, "
            f"only {', '.join(others[:_NAMED])}{more}; get a complete copy of the dataset"
        )
    return rows


def scaled(value: float, scale: tuple[float, float]) -> float | None:
    """Returns an opinion mapped from its scale (worst, best) to 0..1; None if it is off the scale."""
    worst, best = scale
    share = (value - worst) / (best - worst)
    if not -_ROUNDING <= share <= 1 + _ROUNDING:
        return None
    return min(max(share, 0.0), 1.0)


def _csv(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableInvalid(
            f"{path}: cannot be read as text in UTF-8 ({first_line(error)}); save it as UTF-8"
        ) from error
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise TableInvalid(
            f"{path}, line {reader.line_num}: cannot be read as CSV ({first_line(error)})"
        ) from error


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
            # Some programs store a wrong size of the sheet.
            sheet.reset_dimensions()
            for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                yield line, ["" if cell is None else str(cell) for cell in cells]
    except MemoryError:
        raise
    # openpyxl passes on whatever zipfile, its XML parser and its own descriptors raise.
    except Exception as error:
        raise TableInvalid(
            f"{path}: cannot be read as an Excel sheet ({first_line(error)}); save it as CSV"
        ) from error
