"""Tables in the dialects that people write, and files found by the names in them."""

from __future__ import annotations

import os
from pathlib import Path

import openpyxl
import pytest

from mobileiqa_bench.evaluation.datasets.rated import ImageFolder
from mobileiqa_bench.evaluation.datasets.tables import find_table, read_table, scaled
from mobileiqa_bench.evaluation.errors import DatasetIncomplete, DatasetNotFound, TableInvalid


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_are_told_by_the_header(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = [f"Image name{delimiter}MOS", f"a b.jpg{delimiter}0.5", "", f"{delimiter}"]
    table = read_table(write(tmp_path / "t.csv", end.join(lines)))
    assert table.columns == ("Image name", "MOS")
    assert table.rows == ((2, {"Image name": "a b.jpg", "MOS": "0.5"}),)


def test_marks_quotes_and_short_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.csv", '\ufeffname,mos\n"a, ""b"".jpg",3\nc.jpg\n'))
    assert table.rows == ((2, {"name": 'a, "b".jpg', "mos": "3"}), (3, {"name": "c.jpg", "mos": ""}))


def test_a_decimal_comma_counts_where_it_does_not_separate(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.csv", "name;mos\na.jpg;0,85\n"))
    (row,) = table.rows
    assert table.number(*row, "mos") == 0.85


def test_columns_are_found_however_they_are_spelt(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.csv", "IMAGE_Name,Quality-MOS,mos,MOS\n"))
    assert table.column("image name") == "IMAGE_Name"
    assert table.column("nope", "quality mos") == "Quality-MOS"
    assert table.column("MOS") == "mos"
    assert table.has("Quality MOS")
    assert not table.has("quality")
    with pytest.raises(TableInvalid, match=r"'a' or 'b'.*'IMAGE_Name'"):
        table.column("a", "b")


@pytest.mark.parametrize("cell", ["", "good", "nan", "inf", "1,2,3"])
def test_a_cell_that_is_no_number(tmp_path: Path, cell: str) -> None:
    table = read_table(write(tmp_path / "t.csv", f'name\tmos\na.jpg\t"{cell}"\n'))
    with pytest.raises(TableInvalid, match=r"t\.csv, line 2: mos"):
        table.number(*table.rows[0], "mos")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has no header"),
        (b"\n\n", "has no header"),
        (b"name,mos\n\xff\xfe\n", "text in UTF-8"),
        (b"name,mos\n" + b'"' + b"a" * 200_000 + b'",1\n', "CSV"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(TableInvalid, match=why):
        read_table(write(tmp_path / "t.csv", content))


def test_an_excel_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Image name", "MOS", None], ["00001.jpg", 52.5, None], [None, None, None], ["2.jpg", 7]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert table.columns[:2] == ("Image name", "MOS")
    assert [(line, cells["Image name"], cells["MOS"]) for line, cells in table.rows] == [
        (2, "00001.jpg", "52.5"),
        (4, "2.jpg", "7"),
    ]


def test_a_damaged_sheet(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match="Excel"):
        read_table(write(tmp_path / "t.xlsx", b"PK\x03\x04 no sheet"))


def test_excel_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(TableInvalid, match="pip install openpyxl"):
        read_table(write(tmp_path / "t.xlsx", b""))


def test_a_sheet_saved_as_csv_will_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFound, match=r"t\.xlsx"):
        find_table(tmp_path / "t.xlsx")
    write(tmp_path / "t.csv", "a\n")
    assert find_table(tmp_path / "u.xlsx", tmp_path / "t.xlsx") == tmp_path / "t.csv"
    with pytest.raises(DatasetNotFound, match=r"none\.csv"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("value", "scale", "share"),
    [(1, (1, 5), 0), (5, (1, 5), 1), (3, (1, 5), 0.5), (25, (100, 0), 0.75), (5.1, (1, 5), None),
     (-0.1, (0, 1), None), (1.0000000001, (0, 1), 1)],
)  # fmt: skip
def test_scales(value: float, scale: tuple[float, float], share: float | None) -> None:
    assert scaled(value, scale) == share


def test_files_are_found_by_what_tables_call_them(tmp_path: Path) -> None:
    touch(tmp_path, "a.JPG", "sub/b.png", "sub/deep/c.bmp", "d/e.jpg", "f/e.jpg")
    folder = ImageFolder(tmp_path)
    assert folder.find("A.jpg") == tmp_path / "a.JPG"
    assert folder.find("b.png") == tmp_path / "sub" / "b.png"
    assert folder.find("SUB\\b.png") == tmp_path / "sub" / "b.png"
    assert folder.find("/data/elsewhere/c.bmp") == tmp_path / "sub" / "deep" / "c.bmp"
    assert folder.find("c") == tmp_path / "sub" / "deep" / "c.bmp"
    assert folder.find("d/e.jpg") == tmp_path / "d" / "e.jpg"
    with pytest.raises(DatasetIncomplete, match=r"'e\.jpg' .*d.e\.jpg .*f.e\.jpg"):
        folder.find("e.jpg")


def test_nothing_outside_the_folder_is_found(tmp_path: Path) -> None:
    touch(tmp_path, "secret.jpg", "images/a.jpg")
    folder = ImageFolder(tmp_path / "images")
    for name in ("../secret.jpg", str(tmp_path / "secret.jpg"), "..\\secret.jpg"):
        assert folder.find(name) == tmp_path / "images" / "secret.jpg"
        assert not folder.find(name).exists()
    for name in ("/", "", "..", "a\0.jpg"):
        assert not os.path.isfile(str(folder.find(name)).replace("\0", "0"))
    with pytest.raises(DatasetNotFound, match="none"):
        ImageFolder(tmp_path / "none")
