"""One writer for every table: aligned, and safe whatever the cells hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobileiqa_bench.tables import write_table


def test_numbers_go_to_the_right() -> None:
    lines = write_table(["model", "time"], [["small", "1.5"], ["large", "12.25"]], "lr").splitlines()
    assert lines == [
        "| model   |   time |",
        "|:--------|-------:|",
        "| small   |    1.5 |",
        "| large   |  12.25 |",
    ]


def test_a_terminal_gets_no_bars() -> None:
    text = write_table(["model", "time"], [["a|b", "1.5"]], "lr", markdown=False)
    assert text == "model      time\na|b         1.5"


def test_figures_are_written_as_they_are() -> None:
    assert "1.50" in write_table(["a"], [["1.50"]], "r")
    assert "1e3" in write_table(["a"], [["1e3"]], "r")


def test_a_table_without_rows_is_its_header() -> None:
    assert write_table(["a", "b"], [], "lr").splitlines()[0].replace(" ", "") == "|a|b|"


@given(cell=st.text(), markdown=st.booleans())
def test_no_cell_breaks_its_row(cell: str, markdown: bool) -> None:
    text = write_table(["first", "second"], [[cell, "x"]], "ll", markdown=markdown)
    assert all(c.isprintable() or "\udc80" <= c <= "\udcff" for line in text.split("\n") for c in line)
    if markdown:
        assert len(text.split("\n")) == 3
        assert _cells(text.split("\n")[2])[-1].strip() == "x"
        assert len(_cells(text.split("\n")[2])) == 2


def _cells(line: str) -> list[str]:
    """The cells as GitHub's Markdown reads them: a backslash takes the next character literally."""
    cells, escaped = [""], False
    for character in line.removeprefix("|").removesuffix("|"):
        if character == "|" and not escaped:
            cells.append("")
        else:
            cells[-1] += character
        escaped = character == "\\" and not escaped
    return cells


@pytest.mark.parametrize("cell", ["a|b", "a\\|b", "a\\\\|b", "a\nb", "\x1b[31m", "|", "\\"])
def test_bars_backslashes_and_control_characters(cell: str) -> None:
    line = write_table(["first", "second"], [[cell, "x"]], "ll").split("\n")[2]
    assert len(_cells(line)) == 2
    assert "\x1b" not in line


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2"):
        write_table(["a", "b"], [["1"]], "lr")
