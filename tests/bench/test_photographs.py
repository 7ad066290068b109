"""Photographs at hand: whose they are, what they are for, and what happens where there are none."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing
from mobileiqa_bench.photographs import builtin, folder_of_photos, read_all, shipped_photographs
from mobileiqa_bench.scenes import scene


@pytest.fixture
def bare_scikit_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed scikit-image whose folder of pictures is empty; returns that folder."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, name)
    data = tmp_path / "installed" / "skimage" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    return data


def test_no_picture_serves_both_purposes() -> None:
    verification, calibration = (builtin(purpose)[0] for purpose in ("verification", "calibration"))
    assert not {name for name, _ in verification} & {name for name, _ in calibration}
    assert not {photo.tobytes() for _, photo in verification} & {photo.tobytes() for _, photo in calibration}
    assert min(len(verification), len(calibration)) >= 5


def test_scenes_where_scikit_image_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    first, source = builtin("verification")
    second, _ = builtin("calibration")
    assert "generated scenes" in source
    assert len(first) == len(second) == 8
    assert not {name for name, _ in first} & {name for name, _ in second}
    assert len({np.asarray(picture).tobytes() for _, picture in [*first, *second]}) == 16


def test_scenes_where_only_some_pictures_are_installed(bare_scikit_image: Path) -> None:
    Image.fromarray(scene(0)).save(bare_scikit_image / "astronaut.png")
    assert "generated scenes" in builtin("verification")[1]
    assert [path.name for path in shipped_photographs()] == ["astronaut.png"]


def test_a_scene_is_the_same_to_the_bit() -> None:
    digest = hashlib.sha256(scene(3, 60, 80).tobytes()).hexdigest()
    assert digest == "eb9f6a40c8c2c7533b3783534f7faf0d971ae4da2321861db5d77aab324faa59"


def test_shipped_photographs_are_there_without_a_download() -> None:
    paths = shipped_photographs()
    assert [path.stem for path in paths] == [
        "astronaut", "camera", "chelsea", "coffee", "motorcycle_left", "rocket",
    ]  # fmt: skip
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) >= 300


def test_without_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(PhotosMissing, match="pip install scikit-image"):
        shipped_photographs()


def test_scikit_image_without_its_pictures(bare_scikit_image: Path) -> None:
    with pytest.raises(PhotosMissing, match="without pictures"):
        shipped_photographs()


def test_folders_are_listed_with_their_subfolders(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("0.png", "broken.jpg", "more/9.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0 and no more")
    assert [Path(path).name for path in folder_of_photos(tmp_path).photos] == ["0.png", "broken.jpg", "9.png"]


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotosMissing, match="empty"):
        folder_of_photos(tmp_path / "empty")


def test_photos_that_cannot_be_read_are_rows(tmp_path: Path) -> None:
    Image.fromarray(scene(1, 60, 80)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no photo")
    read, skipped = read_all([str(tmp_path / "bad.png"), str(tmp_path / "good.png"), str(tmp_path / "none")])
    assert [name for name, _ in read] == ["good.png"]
    assert [Path(row.photo).name for row in skipped] == ["bad.png", "none"]
    assert all(row.reason for row in skipped)
