"""What windows at native pixels add: which are chosen, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mobileiqa_bench import native
from mobileiqa_bench.errors import PhotosMissing

from ..sdk import artifacts


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of free size; its score is 0.75 times the brightness."""
    values = artifacts.free_contract()
    values["input"]["settings"][1]["max_pixels"] = 2**18
    return artifacts.save(tmp_path_factory.mktemp("free"), artifacts.free_model(values))


def striped(height: int, width: int, top: int, left: int, contrast: int) -> np.ndarray:
    """A grey picture with stripes of 16 pixels in the square of 512 at a corner."""
    pixels = np.full((height, width, 3), 100, np.uint8)
    square = pixels[top : top + 512, left : left + 512]
    square[:, (np.arange(square.shape[1]) // 16) % 2 == 0] += contrast
    return pixels


def test_the_windows_that_show_most_come_first() -> None:
    pixels = np.maximum(striped(1024, 1536, 512, 0, 40), striped(1024, 1536, 0, 1024, 80))
    first = native.most_detailed(pixels, windows=1)[0]
    np.testing.assert_array_equal(first, pixels[:512, 1024:])
    windows = native.most_detailed(pixels)
    assert len(windows) == native.WINDOWS
    assert all(window.shape == (512, 512, 3) for window in windows)


def test_a_picture_smaller_than_a_window_is_one() -> None:
    pixels = striped(300, 400, 0, 0, 50)
    (only,) = native.most_detailed(pixels)
    np.testing.assert_array_equal(only, pixels)


def test_losses_are_the_fall_from_the_photo_without_fault(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (200, 100, 50)).save(tmp_path / "a.png")
    looks = {"red": lambda pixels: float(pixels[..., 0].mean()), "one": lambda _: 1.0}
    losses = native.losses_of(looks, (0, str(tmp_path / "a.png")))
    assert len(losses) == 2 * (1 + sum(len(strengths) for strengths in native.STRENGTHS.values()))
    assert {loss.clean for loss in losses if loss.look == "red"} == {200.0}
    assert {loss.loss for loss in losses if loss.look == "one"} == {0.0}
    noise = next(loss for loss in losses if loss.fault == "noise 18" and loss.look == "red")
    assert 0 < abs(noise.loss) < 3


def test_what_is_behind_the_subject_is_blurred_and_the_subject_is_not() -> None:
    photo = striped(512, 512, 0, 0, 100)
    made = native.with_blurred_background(photo)
    np.testing.assert_array_equal(made[200:312, 200:312], photo[200:312, 200:312])
    corners = made[:100, :100], made[-100:, :100], made[:100, -100:], made[-100:, -100:]
    assert all(np.ptp(corner[20:-20, 20:-20]) < 60 < np.ptp(photo) for corner in corners)
    wide = native.with_blurred_background(np.tile(photo, (1, 2, 1)))  # the ellipse follows the photo's sides
    assert np.ptp(wide[256, 300:700]) == 100
    assert np.ptp(wide[256, 50:200]) < 60


def test_losses_are_averaged_by_look_and_fault() -> None:
    rows = [("fast", "JPEG 9", 0.8, 0.1), ("fast", "JPEG 9", 0.6, 0.3), ("windows", "JPEG 9", 0.5, -0.1)]
    assert native.summarise([native.Loss(*row) for row in rows]) == {
        "fast": pytest.approx({"clean": 0.7, "JPEG 9": 0.2}),
        "windows": pytest.approx({"clean": 0.5, "JPEG 9": -0.1}),
    }


def test_the_command_prints_every_look(model: Path, tmp_path: Path) -> None:
    Image.fromarray(striped(520, 530, 0, 0, 60)).save(tmp_path / "a.png")
    arguments = ["--photos", str(tmp_path), "-m", str(model)]
    run = CliRunner().invoke(native.main, [*arguments, "--json"])
    assert run.exit_code == 0, run.output
    result = json.loads(run.output)
    assert result["photos"] == 1
    assert set(result["looks"]) == {"fast", "high", "windows"}
    assert set(result["looks"]["fast"]) >= {"clean", "JPEG 35", "gaussian blur 1"}
    table = CliRunner().invoke(native.main, arguments).output
    assert "windows" in table


def test_a_folder_without_photos(tmp_path: Path) -> None:
    with pytest.raises(PhotosMissing):
        CliRunner().invoke(native.main, ["--photos", str(tmp_path)], catch_exceptions=False)
