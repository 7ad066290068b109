"""Which photos paths stand for, and the rows they become."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mobileiqa_sdk import PhotoNotFound, PhotoUnsupported, Scorer, photo
from mobileiqa_sdk.gallery import SUFFIXES, find_photos, score_rows

from . import artifacts


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def listed(folder: Path, *, recursive: bool = False) -> list[str]:
    photos = list(find_photos([str(folder)], recursive=recursive))
    assert all(isinstance(path, str) for path in photos), photos
    return [Path(str(path)).relative_to(folder).as_posix() for path in photos]


def test_files_are_taken_as_they_are_and_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a.xyz", ".hidden")
    paths = [str(tmp_path / name) for name in ("b.jpg", "a.xyz", ".hidden", "missing.jpg", "b.jpg")]
    assert list(find_photos([*paths, ""])) == [*paths, ""]


def test_a_folder_gives_its_photos_by_name(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "b.jpg",
        "a.PNG",
        "C.JPEG",
        "notes.txt",
        "no_suffix",
        "photo.jpg.txt",
        ".jpg",
        ".a.jpg",
        "d.HeIc",
    )
    touch(tmp_path, "sub/e.jpg", "folder.jpg/f.png")
    assert listed(tmp_path) == ["C.JPEG", "a.PNG", "b.jpg", "d.HeIc"]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_in_both_cases(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"a{suffix}", f"b{suffix.upper()}")
    assert listed(tmp_path) == [f"a{suffix}", f"b{suffix.upper()}"]


@pytest.mark.parametrize("suffix", [".CR2", ".nef", ".arw", ".DNG", ".cr3"])
def test_raw_files_are_listed_to_be_refused(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"a{suffix}", "b.jpg")
    assert listed(tmp_path) == [f"a{suffix}", "b.jpg"]


@pytest.mark.parametrize(
    ("name", "start", "reason"),
    [
        ("a.dat", b"\xff\xd8\xff\xe0", "holds JPEG"),
        ("no_suffix", b"\x89PNG\r\n\x1a\n", "holds PNG"),
        ("photo.jpg.bak", b"II*\0", "holds TIFF"),
        ("b.xyz", b"FUJIFILMCCD-RAW 0201", "raw file"),
    ],
)
def test_a_photo_of_another_name_gets_a_reason(tmp_path: Path, name: str, start: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(start + bytes(100))
    (tmp_path / f".{name}").write_bytes(start + bytes(100))
    touch(tmp_path, "z.jpg")
    skipped, photo = find_photos([str(tmp_path)])
    assert isinstance(skipped, PhotoUnsupported)
    assert skipped.photo == str(tmp_path / name)
    assert reason in skipped.reason
    assert photo == str(tmp_path / "z.jpg")


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "unrelated.txt").write_text("BM is how this text begins\n")
    touch(tmp_path, "a.jpg")
    assert listed(tmp_path) == ["a.jpg"]


def test_recursive(tmp_path: Path) -> None:
    touch(
        tmp_path, "z.jpg", "b/y.jpg", "a/x.jpg", "a/c/w.jpg", ".hidden/v.jpg", "folder.jpg/u.png", "a/.t.jpg"
    )
    assert listed(tmp_path, recursive=True) == [
        "z.jpg",
        "a/x.jpg",
        "a/c/w.jpg",
        "b/y.jpg",
        "folder.jpg/u.png",
    ]


def test_a_loop_of_folders_ends(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert listed(tmp_path, recursive=True) == ["a/x.jpg"]


@pytest.mark.parametrize("recursive", [False, True])
def test_links(tmp_path: Path, recursive: bool) -> None:
    """Named links are followed; in a folder those to files are, and those to folders are not."""
    touch(tmp_path, "real/a.jpg", "real/sub/b.jpg", "folder/c.jpg")
    (tmp_path / "folder" / "d.jpg").symlink_to(tmp_path / "real" / "a.jpg")
    (tmp_path / "folder" / "e").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "folder" / "f.jpg").symlink_to(tmp_path / "real", target_is_directory=True)
    assert listed(tmp_path / "folder", recursive=recursive) == ["c.jpg", "d.jpg"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real", target_is_directory=True)
    assert listed(link, recursive=recursive) == (["a.jpg", "sub/b.jpg"] if recursive else ["a.jpg"])
    assert list(find_photos([str(tmp_path / "folder" / "d.jpg")])) == [str(tmp_path / "folder" / "d.jpg")]


def test_files_and_folders_keep_their_order(tmp_path: Path) -> None:
    touch(tmp_path, "2.jpg", "folder/b.jpg", "folder/a.jpg", "1.jpg")
    given = [str(tmp_path / name) for name in ("2.jpg", "folder", "1.jpg")]
    names = [Path(str(path)).name for path in find_photos(given)]
    assert names == ["2.jpg", "a.jpg", "b.jpg", "1.jpg"]


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_without_photos_is_an_error(tmp_path: Path, recursive: bool) -> None:
    touch(tmp_path, "notes.txt")
    (error,) = find_photos([str(tmp_path)], recursive=recursive)
    assert isinstance(error, PhotoNotFound)
    assert error.photo == str(tmp_path)
    assert ("--recursive" in error.reason) is not recursive


def test_a_folder_that_may_not_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.jpg", "closed/b.jpg", "open/c.jpg")
    scandir = os.scandir

    def guarded(path: str) -> Iterator[os.DirEntry[str]]:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    *paths, error = find_photos([str(tmp_path)], recursive=True)
    assert paths == [str(tmp_path / "a.jpg"), str(tmp_path / "open" / "c.jpg")]
    assert isinstance(error, PhotoNotFound)
    assert error.photo == str(tmp_path / "closed")
    assert error.reason == "this folder cannot be listed: Permission denied"
    (alone,) = find_photos([str(tmp_path / "closed")])
    assert isinstance(alone, PhotoNotFound)
    assert "cannot be listed" in alone.reason


@pytest.mark.parametrize(
    "name", [b"two\nlines.jpg", b"caf\xe9\xff.jpg", b"\xe6\x97\xa5.jpg", b"-r.jpg", b" .jpg"]
)
def test_odd_names(tmp_path: Path, tiny: Path, name: bytes) -> None:
    path = os.path.join(str(tmp_path), os.fsdecode(name))
    try:
        Image.new("RGB", (40, 40), (51, 51, 51)).save(path, "JPEG")
    except OSError:
        pytest.skip("this file system wants names that are text")
    (row,) = score_rows(Scorer(tiny), find_photos([str(tmp_path)]))
    assert row["path"] == path
    assert row["error"] is None
    assert row["score"] == pytest.approx(0.2, abs=0.01)
    assert json.loads(json.dumps(row))["path"] == path


def test_a_row_of_a_model_that_names_faults(tmp_path: Path, photos: list[str]) -> None:
    scorer = Scorer(artifacts.save(tmp_path, artifacts.free_model()), threads=1)
    result = scorer.assess(photos[4])
    (row,) = score_rows(scorer, [photos[4]])
    assert row["faults"] == result.faults
    assert list(row["faults"]) == ["blur", "noise"]
    assert row["photograph"] == result.photograph


def test_rows(tiny: Path, photos: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    empty = tmp_path / "empty"
    empty.mkdir()
    given = [photos[4], str(bad), photos[0], str(empty), "missing.png"]
    rows = list(score_rows(Scorer(tiny), find_photos(given)))
    assert [row["path"] for row in rows] == given
    assert [row["band"] for row in rows] == ["excellent", None, "bad", None, None]
    for row in rows:
        assert list(row) == [
            "path", "score", "band", "reason", "spread", "faults", "photograph", "is_photograph", "seconds",
            "error_kind", "error",
        ]  # fmt: skip
        missing = [row[key] is None for key in ("score", "band", "faults", "seconds")]
        assert missing == [row["error"] is not None] * 4
        if row["seconds"]:
            assert list(row["seconds"]) == ["decode", "resize", "inference"]
            assert all(value >= 0 for value in row["seconds"].values())
    kinds = [row["error_kind"] for row in rows]
    assert kinds == [None, "PhotoUnsupported", None, "PhotoNotFound", "PhotoNotFound"]
    assert rows[1]["error"].startswith("is not an image")
    assert rows[4]["error"] == "no such file"


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_rows_keep_their_order(tiny: Path, photos: list[str], tmp_path: Path, workers: int | None) -> None:
    (tmp_path / "empty").mkdir()
    given = [*photos, str(tmp_path / "empty"), "missing.png"] * 4
    scorer = Scorer(tiny, threads=1)
    rows = list(score_rows(scorer, find_photos(given), workers=workers))
    assert [row["path"] for row in rows] == given
    assert [row["score"] for row in rows[:5]] == [scorer.score(photo) for photo in photos]


def test_rows_come_one_by_one(tiny: Path, photos: list[str]) -> None:
    asked = []

    def endless() -> Iterator[str]:
        while True:
            asked.append(photos[0])
            yield photos[0]

    rows = score_rows(Scorer(tiny), endless())
    assert asked == []
    next(rows)
    next(rows)
    assert len(asked) == 2


def test_an_error_of_our_own_is_a_row(tiny: Path, photos: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither ends the batch nor passes for damage of the photo."""

    def shares(image: Image.Image) -> int:
        if image.getextrema()[0][0] == round(255 * 0.3):
            raise KeyError("bug")
        return 1

    monkeypatch.setattr(photo, "shares", shares)
    rows = list(score_rows(Scorer(tiny, threads=1), photos, workers=2))
    assert [row["error_kind"] for row in rows] == [None, "InternalError", None, None, None]
    assert rows[1]["score"] is None
    assert "KeyError" in rows[1]["error"]
