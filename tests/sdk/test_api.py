"""What people meet first: names, rows for tables, errors that common handlers catch."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mobileiqa_sdk
from mobileiqa_sdk import PhotoError, Scorer, find_photos
from mobileiqa_sdk.results import ResultsFile

from . import artifacts


def test_every_public_name_is_listed_and_has_a_docstring() -> None:
    assert set(mobileiqa_sdk.__all__) <= set(dir(mobileiqa_sdk))
    for name in ("Assessment", "Scorer", "find_photos", "score"):
        assert getattr(mobileiqa_sdk, name).__doc__


@pytest.mark.parametrize("free", [False, True])
def test_rows_are_flat_and_of_one_shape(tmp_path: Path, photos: list[str], free: bool) -> None:
    model = artifacts.free_model(faults={"blur": 0.1, "noise": 0.2}) if free else artifacts.model()
    scorer = Scorer(artifacts.save(tmp_path, model), threads=1)
    given = [photos[4], "missing.jpg", PhotoError("missing.jpg", "no such file")]
    good, *errors = (result.to_dict() for result in scorer.score_many(given))
    bad = errors[0]
    assert errors[1] == bad | {"error_kind": "PhotoError"}
    faults = [key for key in good if key.startswith("fault_")]
    assert faults == (["fault_blur", "fault_noise"] if free else [])  # by name, whichever is worse
    assert list(bad) == list(good)
    with pytest.raises(PhotoError) as caught:
        scorer.assess("missing.jpg")
    assert pickle.loads(pickle.dumps(caught.value)).to_dict() == bad  # noqa: S301 - made in the same line
    assert all(
        value is None or isinstance(value, (float, str, bool))
        for row in (good, bad)
        for value in row.values()
    )
    assert (good["path"], good["error"]) == (photos[4], None)
    assert good["score"] == scorer.score(photos[4])
    assert good["band"] == mobileiqa_sdk.band(good["score"])
    assert set(bad.values()) == {"missing.jpg", "PhotoNotFound", "no such file", None}


ONE_PHOTO = {
    "str": "photos/",
    "path": Path("a.jpg"),
    "bytes": b"a photo",
    "bytearray": bytearray(b"a photo"),
    "image": Image.new("RGB", (40, 40)),
    "colour": np.zeros((40, 40, 3), np.uint8),
    "grey": np.zeros((40, 40), np.uint8),
    "error": PhotoError("a.jpg", "is lost"),
}


@pytest.mark.parametrize("photo", ONE_PHOTO.values(), ids=ONE_PHOTO)
def test_score_many_refuses_one_photo(tiny: Path, photo: Any) -> None:
    with pytest.raises(TypeError, match="find_photos"):
        Scorer(tiny).score_many(photo)


def test_score_many_refuses_an_open_file(tiny: Path, photos: list[str]) -> None:
    with open(photos[0], "rb") as file, pytest.raises(TypeError, match="find_photos"):
        Scorer(tiny).score_many(file)


def test_score_many_takes_arrays_stacked(tiny: Path) -> None:
    stack = np.zeros((3, 40, 40, 3), np.uint8)
    assert [result.to_dict()["score"] for result in Scorer(tiny).score_many(stack)] == [0, 0, 0]


def test_a_folder_is_found_by_its_path_alone(tiny: Path, photos: list[str]) -> None:
    folder = Path(photos[0]).parent
    for paths in (folder, str(folder), [folder], [str(folder)]):
        assert list(find_photos(paths)) == photos
    skipped: list[str] = []
    assert list(find_photos(folder.parent, on_skip=skipped.append))
    assert str(folder) in skipped


@pytest.mark.parametrize(
    ("photo", "kinds"),
    [
        ("missing.jpg", (FileNotFoundError, OSError)),
        (b"no photo", (ValueError,)),
        (np.zeros((4, 4, 3), np.uint8), (ValueError,)),
        (np.zeros((40, 40, 3), np.int8), (ValueError, TypeError)),
        (3, (ValueError, TypeError)),
    ],
)
def test_pythons_own_errors_catch_ours(tiny: Path, photo: Any, kinds: tuple[type[Exception], ...]) -> None:
    scorer = Scorer(tiny)
    for kind in (PhotoError, *kinds):
        with pytest.raises(kind) as caught:
            scorer.score(photo)
        copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - what was pickled in the same line
        assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))
        assert str(copy) == f"{copy.photo}: {copy.reason}"


def test_errors_of_models_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nope"):
        Scorer("nope")
    with pytest.raises(ValueError, match="cannot load"):
        Scorer(artifacts.save(tmp_path, b"no model"))


@pytest.mark.parametrize("other", ["./a.png", ".//a.png", "b/../a.png"])
def test_one_file_by_two_paths_is_scored_once(
    tiny: Path, tmp_path: Path, photos: list[str], monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    Path("a.png").write_bytes(Path(photos[0]).read_bytes())
    scorer = Scorer(tiny)
    results = ResultsFile("rows", scorer)
    same = ".." not in other  # what that leads to depends on links
    assert results.missing(["a.png", other]) == (["a.png"] if same else ["a.png", other])
    results.write(row for row in mobileiqa_sdk.gallery.score_rows(scorer, ["a.png"]))
    results.close()
    results = ResultsFile("rows", scorer)
    assert results.missing([other]) == ([] if same else [other])
    results.close()
