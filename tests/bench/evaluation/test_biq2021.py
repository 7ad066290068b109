from __future__ import annotations

from pathlib import Path

import pytest

from mobileiqa_bench.evaluation.datasets.biq2021 import read_split
from mobileiqa_bench.evaluation.errors import DatasetError

TRAIN = "Train (Images and MOS).csv"
TEST = "Test (Images and MOS).csv"


def make_copy(root: Path, train: str, test: str = "Image Name,MOS\n", names: tuple[str, ...] = ()) -> Path:
    (root / "Images").mkdir(parents=True)
    for name in names:
        (root / "Images" / name).write_bytes(b"")
    (root / TRAIN).write_text(train)
    (root / TEST).write_text(test)
    return root


def test_rows_keep_their_order_and_empty_columns_are_ignored(tmp_path: Path) -> None:
    table = "Image Name,MOS,,\nss03 (2).jpg,0.8471,,\nss01 (1).jpg,0.2874,,\n,,,\n"
    root = make_copy(tmp_path, table, names=("ss01 (1).jpg", "ss03 (2).jpg"))
    photos = read_split(root, "train")
    assert [(p.path.name, p.mos, p.subset) for p in photos] == [
        ("ss03 (2).jpg", 0.8471, "ss03"),
        ("ss01 (1).jpg", 0.2874, "ss01"),
    ]


def test_a_name_may_differ_from_its_file_in_case(tmp_path: Path) -> None:
    root = make_copy(tmp_path, "Image Name,MOS\n", "Image Name,MOS\nss02 (7).jpg,0.5\n", ("ss02 (7).JPG",))
    (photo,) = read_split(root, "test")
    assert photo.path.is_file()
    assert photo.path.name == "ss02 (7).JPG"


def test_missing_photos_are_named(tmp_path: Path) -> None:
    root = make_copy(tmp_path, "Image Name,MOS,,\na.jpg,0.1,,\nb.jpg,0.2,,\nc.jpg,0.3,,\n", names=("b.jpg",))
    with pytest.raises(DatasetError, match=r" 2 photos .*a\.jpg, c\.jpg"):
        read_split(root, "train")


@pytest.mark.parametrize("row", ["a.jpg", "a.jpg,good", "a.jpg,1.5", "a.jpg,nan"])
def test_a_row_without_an_opinion_is_an_error(tmp_path: Path, row: str) -> None:
    root = make_copy(tmp_path, f"Image Name,MOS\n{row}\n", names=("a.jpg",))
    with pytest.raises(DatasetError, match="line 2"):
        read_split(root, "train")


def test_another_folder_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="BIQ2021"):
        read_split(tmp_path, "test")
