"""Every dataset in its published layout, on tiny made-up copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from scipy.io import savemat

from mobileiqa_bench.evaluation.datasets import DATASETS, RatedPhoto, complete, read_dataset
from mobileiqa_bench.evaluation.datasets.plain_csv import read_csv
from mobileiqa_bench.evaluation.errors import DatasetError, DatasetIncomplete, DatasetNotFound, TableInvalid


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def sheet(path: Path, *rows: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def lines(photos: list[RatedPhoto]) -> list[tuple[str, float]]:
    return [(photo.path.name, round(photo.mos, 6)) for photo in photos]


KONIQ = """image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set
1.jpg,0,0,0.2,0.7,0.1,105,100,0.5,training
2.jpg,0,0,0.2,0.7,0.1,96,50.5,0.6,test
3.jpg,0,0,0.2,0.7,0.1,96,1,0.5,validation
4.jpg,0,0,0.2,0.7,0.1,96,25.75,0.5,test
"""


@pytest.mark.parametrize("folder", ["1024x768", "512x384"])
def test_koniq(tmp_path: Path, folder: str) -> None:
    touch(tmp_path / folder, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (tmp_path / "koniq10k_distributions_sets.csv").write_text(KONIQ)
    assert lines(read_dataset("koniq10k", tmp_path)) == [("2.jpg", 0.5), ("4.jpg", 0.25)]
    assert lines(read_dataset("koniq10k", tmp_path, "train")) == [("1.jpg", 1)]
    assert lines(read_dataset("koniq10k", tmp_path, "validation")) == [("3.jpg", 0)]
    assert len(read_dataset("koniq10k", tmp_path, "all")) == 4
    assert all(photo.path.parent == tmp_path / folder for photo in read_dataset("koniq10k", tmp_path, "all"))


def test_koniq_prefers_the_full_size(tmp_path: Path) -> None:
    touch(tmp_path, "1024x768/2.jpg", "512x384/2.jpg")
    (tmp_path / "koniq10k_distributions_sets.csv").write_text(KONIQ)
    assert read_dataset("koniq10k", tmp_path)[0].path == tmp_path / "1024x768" / "2.jpg"


def test_koniq_without_the_splits(tmp_path: Path) -> None:
    touch(tmp_path, "1024x768/1.jpg")
    header = "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,MOS_zscore"
    table = f'{header}\n"1.jpg",0,0,25,73,7,105,3.8,0.5,50.5\n'
    (tmp_path / "koniq10k_scores_and_distributions.csv").write_text(table)
    assert lines(read_dataset("koniq10k", tmp_path, "all")) == [("1.jpg", 0.5)]
    with pytest.raises(DatasetNotFound, match="koniq10k_distributions_sets"):
        read_dataset("koniq10k", tmp_path)
    with pytest.raises(DatasetNotFound, match="KonIQ-10k"):
        read_dataset("koniq10k", tmp_path / "1024x768")


def test_spaq(tmp_path: Path) -> None:
    touch(tmp_path / "TestImage", "00001.jpg", "00002.jpg")
    header = ["Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness"]
    name = tmp_path / "Annotations" / "MOS and Image attribute scores.xlsx"
    sheet(name, header, ["00001.jpg", 42.5, *[1] * 5], ["00002.jpg", 100, *[1] * 5])
    assert lines(read_dataset("spaq", tmp_path)) == [("00001.jpg", 0.425), ("00002.jpg", 1)]
    name.unlink()
    with pytest.raises(DatasetNotFound, match=r"attribute scores\.xlsx"):
        read_dataset("spaq", tmp_path)
    (tmp_path / "Annotations" / "MOS and Image attribute scores.csv").write_text(
        "Image name,MOS\n00001.jpg,50\n"
    )
    assert lines(read_dataset("spaq", tmp_path)) == [("00001.jpg", 0.5)]


def clive(root: Path, names: list[str], mos: list[float]) -> Path:
    (root / "Data").mkdir(parents=True)
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = names
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": cells})
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": np.array([mos])})
    return root


PRACTICE = [f"t{number}.bmp" for number in range(1, 8)]


def test_clive_leaves_the_practice_photos_out(tmp_path: Path) -> None:
    root = clive(tmp_path / "ChallengeDB_release", [*PRACTICE, "3.bmp", "10.JPG"], [*[50.0] * 7, 63.5, 0])
    touch(root / "Images", "3.bmp", "10.JPG", *(f"trainingImages/{name}" for name in PRACTICE))
    assert lines(read_dataset("clive", root)) == [("3.bmp", 0.635), ("10.JPG", 0)]


def test_clive_that_is_damaged(tmp_path: Path) -> None:
    root = clive(tmp_path / "a", [*PRACTICE, "3.bmp"], [50.0] * 7)
    touch(root / "Images", "3.bmp")
    with pytest.raises(TableInvalid, match=r"8 .*AllMOS_release 7"):
        read_dataset("clive", root)
    root = clive(tmp_path / "b", [*PRACTICE, "3.bmp"], [*[50.0] * 7, 100.5])
    touch(root / "Images", "3.bmp")
    with pytest.raises(TableInvalid, match=r"'3\.bmp' .*100\.5"):
        read_dataset("clive", root)
    savemat(root / "Data" / "AllMOS_release.mat", {"other": [1.0]})
    with pytest.raises(TableInvalid, match="AllMOS_release"):
        read_dataset("clive", root)
    (root / "Data" / "AllMOS_release.mat").write_bytes(b"no file of MATLAB's")
    with pytest.raises(TableInvalid, match="MATLAB"):
        read_dataset("clive", root)
    (root / "Data" / "AllMOS_release.mat").unlink()
    with pytest.raises(DatasetNotFound, match="LIVE in the Wild"):
        read_dataset("clive", root)


@pytest.mark.parametrize("folder", ["ImageDatabase", "."])
def test_bid(tmp_path: Path, folder: str) -> None:
    touch(tmp_path / folder, "DatabaseImage0001.JPG", "DatabaseImage0586.JPG")
    sheet(
        tmp_path / "DatabaseGrades.xlsx",
        ["Image Number", "Average Subjective Grade", "std"],
        [1, 3.25, 0.5],
        [586, 5, 0.1],
    )
    assert lines(read_dataset("bid", tmp_path)) == [
        ("DatabaseImage0001.JPG", 0.65),
        ("DatabaseImage0586.JPG", 1),
    ]
    sheet(tmp_path / "DatabaseGrades.xlsx", ["Image Number", "Average Subjective Grade"], ["one", 3.25])
    with pytest.raises(TableInvalid, match="'one'"):
        read_dataset("bid", tmp_path)


UHD = """image_name,quality_mos,set,subset,orig_width
1.jpg,0.51,training,,6000
2.jpg,0.62,validation,night,6000
3.jpg,0.73,test,,6000
4.jpg,0.44,test,macro,6000
"""


@pytest.mark.parametrize("prefix", ["", "challenge/"])
def test_uhd_iqa(tmp_path: Path, prefix: str) -> None:
    touch(
        tmp_path,
        *(f"{prefix}{name}" for name in ("training/1.jpg", "validation/2.jpg", "test/3.jpg", "test/4.jpg")),
    )
    (tmp_path / "uhd-iqa-metadata.csv").write_text(UHD)
    photos = read_dataset("uhd-iqa", tmp_path)
    assert lines(photos) == [("3.jpg", 0.73), ("4.jpg", 0.44)]
    assert [photo.subset for photo in photos] == [None, "macro"]
    assert photos[0].path == tmp_path / prefix / "test" / "3.jpg"
    assert lines(read_dataset("uhd-iqa", tmp_path, "train")) == [("1.jpg", 0.51)]
    assert len(read_dataset("uhd-iqa", tmp_path, "all")) == 4


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("name", "table"), [("uhd-iqa", "uhd-iqa-metadata.csv"), ("koniq10k", "koniq10k_distributions_sets.csv")]
)
def test_a_split_that_no_row_belongs_to_is_named(tmp_path: Path, name: str, table: str, split: str) -> None:
    (tmp_path / "1024x768").mkdir()
    rows = (
        f"{number}.jpg,0.5,50,{group}" for number, group in enumerate("Validation extra a b c d e".split())
    )
    (tmp_path / table).write_text("\n".join(("image_name,quality_mos,MOS,Set", *rows)))
    official = {"train": "training"}.get(split, split)
    others = "'Validation', 'extra', 'a', 'b', 'c', \\.\\.\\.;"
    with pytest.raises(TableInvalid, match=f"{table}: no row has '{official}' .* 'Set', only {others}"):
        read_dataset(name, tmp_path, split)
    (tmp_path / table).write_text("image_name,quality_mos,MOS,Set\n")
    with pytest.raises(TableInvalid, match="names no photos"):
        read_dataset(name, tmp_path, split)


def test_biq2021_by_the_registry(tmp_path: Path) -> None:
    touch(tmp_path / "Images", "ss01 (1).jpg", "ss02 (2).JPG")
    (tmp_path / "Train (Images and MOS).csv").write_text("Image Name,MOS,,\nss01 (1).jpg,0.8,,\n")
    (tmp_path / "Test (Images and MOS).csv").write_text("Image Name,MOS\nss02 (2).jpg,0.3\n")
    assert lines(read_dataset("biq2021", tmp_path)) == [("ss02 (2).JPG", 0.3)]
    assert [photo.subset for photo in read_dataset("biq2021", tmp_path, "all")] == ["ss01", "ss02"]


@pytest.mark.parametrize("name", DATASETS)
def test_another_folder_is_no_copy(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetNotFound):
        read_dataset(name, tmp_path, "all")


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFound, match="'ava'"):
        read_dataset("ava", tmp_path)
    with pytest.raises(DatasetNotFound, match=r"SPAQ .*'test'"):
        read_dataset("spaq", tmp_path, "test")


def test_missing_photos_stay_in_the_list(tmp_path: Path) -> None:
    touch(tmp_path / "1024x768", "2.jpg")
    (tmp_path / "koniq10k_distributions_sets.csv").write_text(KONIQ)
    photos = read_dataset("koniq10k", tmp_path)
    assert [photo.path.exists() for photo in photos] == [True, False]
    with pytest.raises(DatasetIncomplete, match=r" 1 photos .*4\.jpg"):
        complete(photos, "the table")
    with pytest.raises(DatasetIncomplete, match="1 photos"):
        read_dataset("koniq10k", tmp_path, "train")


def test_plain_csv(tmp_path: Path) -> None:
    touch(tmp_path / "photos", "a.jpg", "sub/b.png")
    table = tmp_path / "labels.csv"
    table.write_text("No;File Name;Mean opinion score\n1;A.JPG;1,5\n2;b.png;4\n3;c.jpg;5\n")
    photos, scale = read_csv(table, tmp_path / "photos")
    assert scale == (1, 5)
    assert lines(photos) == [("a.jpg", 0.125), ("b.png", 0.75), ("c.jpg", 1)]
    assert lines(read_csv(table)[0]) == lines(photos)
    turned, _ = read_csv(table, name_column="file_name", mos_column="Mean Opinion Score", scale=(5, 0))
    assert [round(photo.mos, 6) for photo in turned] == [0.7, 0.2, 0]


@pytest.mark.parametrize(
    ("opinions", "scale"),
    [([0.1, 1], (0, 1)), ([1, 4.5], (1, 5)), ([0.5, 4.5], (0, 5)), ([2, 9], (1, 10)), ([0.5, 9], (0, 10)),
     ([1, 99], (1, 100)), ([0, 99], (0, 100))],
)  # fmt: skip
def test_the_customary_scale_that_holds_all(
    tmp_path: Path, opinions: list[float], scale: tuple[float, float]
) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    rows = zip(("a", "b"), opinions, strict=True)
    (tmp_path / "t.csv").write_text("image,mos\n" + "".join(f"{name}.jpg,{mos}\n" for name, mos in rows))
    assert read_csv(tmp_path / "t.csv")[1] == scale


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("a,b\na.jpg,1\n", r"'a', 'b'.*--name-column, --mos-column"),
        ("image,dmos\na.jpg,1\n", "--mos-column"),
        ("image,mos\na.jpg,x\n", "line 2: mos"),
        ("image,mos\na.jpg,-3\n", r"--mos-range"),
        ("image,mos\na.jpg,\n", r"t\.csv"),
        ("image,mos\n,3\n", "line 2"),
        ("image,mos\n", r"t\.csv"),
    ],
)
def test_tables_that_cannot_be_understood(tmp_path: Path, content: str, why: str) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(TableInvalid, match=why):
        read_csv(tmp_path / "t.csv")


def test_columns_and_scales_that_are_not_there(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "t.csv").write_text("image,mos\na.jpg,3\n")
    with pytest.raises(TableInvalid, match=r"'x'.*'image', 'mos'"):
        read_csv(tmp_path / "t.csv", name_column="x", mos_column="mos")
    with pytest.raises(TableInvalid, match=r"line 2.*'a\.jpg' .*3"):
        read_csv(tmp_path / "t.csv", scale=(0, 1))
    with pytest.raises(DatasetError, match="1 photos"):
        read_csv(tmp_path / "t.csv", tmp_path.joinpath("empty").mkdir() or tmp_path / "empty")
