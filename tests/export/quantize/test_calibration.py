"""Which photos calibration sees."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing
from mobileiqa_bench.fidelity.images import verification_set
from mobileiqa_bench.photographs import builtin
from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.quantize.calibration import calibration_set, stratified
from mobileiqa_sdk.contract import InputSpec

SIZE = (32, 48)


def brightness(pixels: Pixels) -> float:
    return float(pixels.mean() / 255)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty dark photos and two bright ones."""
    for index in range(42):
        level = 250 - index if index < 2 else index
        Image.fromarray(np.full((40, 60, 3), level, np.uint8)).save(tmp_path / f"{index:02}.png")
    return tmp_path


def test_a_small_folder_is_used_whole(folder: Path) -> None:
    actual = calibration_set(InputSpec(*SIZE), folder, 50, brightness)
    assert (len(actual.photos), actual.available, actual.stratified, actual.builtin) == (42, 42, False, False)
    assert all(picture.shape == (*SIZE, 3) for picture in actual.pixels)
    assert actual.warnings == []


def test_a_large_folder_is_stratified_by_score(folder: Path) -> None:
    actual = calibration_set(InputSpec(*SIZE), folder, 11, brightness)
    assert actual.stratified
    assert len(actual.photos) == 11
    assert {"00.png", "01.png"} < set(actual.photos), "the rare bright ones are in"
    again = calibration_set(InputSpec(*SIZE), folder, 11, brightness)
    assert again.photos == actual.photos
    assert "11 different" in actual.warnings[0]


def test_one_photo_by_many_names(folder: Path) -> None:
    for index in range(100):
        (folder / f"link {index:02}.png").symlink_to(folder / "00.png")
    (warning,) = calibration_set(InputSpec(*SIZE), folder, 64).warnings
    assert "calibrated on 19 different" in warning


def test_without_scores_it_is_taken_evenly_by_name(folder: Path) -> None:
    assert calibration_set(InputSpec(*SIZE), folder, 2).photos == ["00.png", "41.png"]


def test_photos_that_cannot_be_read_are_rows(folder: Path) -> None:
    (folder / "00.png").write_bytes(b"damaged")
    actual = calibration_set(InputSpec(*SIZE), folder, 50)
    assert len(actual.photos) == 41
    assert [Path(row.photo).name for row in actual.skipped] == ["00.png"]


def test_no_photo_at_all(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"damaged")
    with pytest.raises(PhotosMissing, match="can be read"):
        calibration_set(InputSpec(*SIZE), tmp_path)


def test_the_fallback_says_so() -> None:
    actual = calibration_set(InputSpec(*SIZE), None, 40)
    assert actual.builtin
    assert len(actual.photos) == len(set(actual.photos)) == 40
    assert any("--calibration-data" in warning for warning in actual.warnings)


@pytest.mark.parametrize("installed", [True, False], ids=["scikit-image", "generated scenes"])
def test_calibration_and_verification_share_no_picture(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In use, not only in the tables: ranges must not be verified on the pictures they were found on."""
    if not installed:
        monkeypatch.setitem(sys.modules, "skimage", None)
    spec = InputSpec(*SIZE)
    calibrated, verified = calibration_set(spec, None, 10_000), verification_set(spec, count=10_000)
    sources = [{name.split(",")[0] for name in names} for names in (calibrated.photos, verified.names)]
    assert len(sources[0]) >= 5
    assert not sources[0] & sources[1]
    pictures = [{picture.tobytes() for picture in pixels} for pixels in (calibrated.pixels, verified.pixels)]
    assert not pictures[0] & pictures[1]
    assert sources[0] == {name for name, _ in builtin("calibration")[0]}


def test_strata() -> None:
    assert stratified([0.5, 0.1, 0.9, 0.11, 0.12, 0.13], 3) == [0, 1, 2]
    assert stratified([0.5] * 4, 2) == [0, 1]
