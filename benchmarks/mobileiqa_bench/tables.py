"""The one writer of tables, for terminals and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tabulate import tabulate

from mobileiqa_sdk._text import one_line

_ALIGNMENT: Final = {"l": "left", "r": "right", "c": "center"}
_BEFORE_BAR: Final = re.compile(r"(\\*)\|")


def write_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], align: str, *, markdown: bool = True
) -> str:
    r"""Returns aligned columns as text, without a newline at the end.

    Line breaks and control characters in cells are replaced, and in Markdown ``|`` is escaped.

    Args:
        header: the title of each column.
        rows: the cells of each row.
        align: ``l``, ``r`` or ``c`` for each column; numbers go to the right.
        markdown: a Markdown table, else columns with two spaces between.

    Raises:
        ValueError: the header or a row does not have a cell for each letter of ``align``.

    >>> print(write_table(["model", "time"], [["small", "1.5 ms"], ["a|b", "12 ms"]], "lr"))
    | model   |   time |
    |:--------|-------:|
    | small   | 1.5 ms |
    | a\|b    |  12 ms |
    """
    for row in (header, *rows):
        if len(row) != len(align):
            raise ValueError(f"a row of {len(row)} cells in a table of {len(align)} columns")
    cleaned = [[_clean(cell, markdown) for cell in row] for row in rows]
    text: str = tabulate(
        cleaned,
        [_clean(title, markdown) for title in header],
        tablefmt="pipe" if markdown else "plain",
        colalign=[_ALIGNMENT[letter] for letter in align] if rows else None,
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in text.splitlines())


def _clean(cell: str, markdown: bool) -> str:
    text = one_line(cell)
    # A backslash before the bar would cancel its escape.
    return _BEFORE_BAR.sub(r"\1\1\\|", text) if markdown else text
