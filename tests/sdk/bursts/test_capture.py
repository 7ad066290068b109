"""When a photo was taken, by its EXIF, whatever the format; and never an error of the metadata's."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from mobileiqa_sdk import PhotoError, PhotoNotFound
from mobileiqa_sdk.bursts.capture import read_capture

from .scenes import exif_of, save, scene

NOON = "2026:05:01 12:00:00"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_time_with_its_fraction_of_a_second(tmp_path: Path, suffix: str) -> None:
    path = save(scene(1), tmp_path / f"a{suffix}", NOON, "07")
    assert read_capture(path) == (datetime(2026, 5, 1, 12, 0, 0, 70_000), 240 * 180)


@pytest.mark.parametrize("subseconds", [None, "", "  ", "x", "\0"])
def test_without_a_fraction(tmp_path: Path, subseconds: str | None) -> None:
    path = save(scene(1), tmp_path / "a.jpg", NOON, subseconds)
    assert read_capture(path).taken == datetime(2026, 5, 1, 12)


def test_more_digits_than_microseconds(tmp_path: Path) -> None:
    path = save(scene(1), tmp_path / "a.jpg", NOON, "123456789")
    assert read_capture(path).taken == datetime(2026, 5, 1, 12, 0, 0, 123_456)


@pytest.mark.parametrize("time", ["2026-05-01 12:00:00", "2026:05:01T12:00:00+02:00"])
def test_other_ways_to_write_it(tmp_path: Path, time: str) -> None:
    assert read_capture(save(scene(1), tmp_path / "a.jpg", time)).taken == datetime(2026, 5, 1, 12)


@pytest.mark.parametrize("time", [None, "", "0000:00:00 00:00:00", "2026:13:01 12:00:00", "yesterday"])
def test_no_time(tmp_path: Path, time: str | None) -> None:
    assert read_capture(save(scene(1), tmp_path / "a.jpg", time)).taken is None


def test_the_time_of_the_file_only_if_asked_and_only_without_exif(tmp_path: Path) -> None:
    plain = save(scene(1), tmp_path / "plain.jpg")
    timed = save(scene(1), tmp_path / "timed.jpg", NOON)
    changed = datetime(2020, 1, 2, 3, 4, 5)
    for path in (plain, timed):
        os.utime(path, (changed.timestamp(),) * 2)
    assert read_capture(plain).taken is None
    assert read_capture(plain, file_time=True).taken == changed
    assert read_capture(timed, file_time=True).taken == datetime(2026, 5, 1, 12)


@pytest.mark.parametrize("keep", [7, 12, 20, 40, 60])
def test_exif_that_ends_early(tmp_path: Path, keep: int) -> None:
    whole = exif_of(NOON).tobytes()
    path = tmp_path / "a.jpg"
    scene(1).save(path, exif=whole[:keep])
    assert read_capture(str(path)).taken is None


def test_a_file_that_is_gone_or_became_another(tmp_path: Path) -> None:
    with pytest.raises(PhotoNotFound):
        read_capture(str(tmp_path / "gone.jpg"))
    (tmp_path / "text.jpg").write_text("no photo")
    with pytest.raises(PhotoError):
        read_capture(str(tmp_path / "text.jpg"))
