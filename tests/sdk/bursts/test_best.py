"""Photos in, bursts out; with a model whose score is the photo's brightness."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from mobileiqa_sdk import PhotoError, PhotoNotFound, Scorer, find_photos
from mobileiqa_sdk.bursts import Burst, best, best_of_bursts

from .scenes import save, scene


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A burst of three, of which the last is the brightest, a photo an hour later, another, and no photo."""
    folder = tmp_path / "album"
    save(scene(1), folder / "a.jpg", "2026:05:01 12:00:00", "1")
    dark = ImageEnhance.Brightness(scene(1, shift=2)).enhance(0.6)
    save(dark, folder / "b.jpg", "2026:05:01 12:00:00", "9")
    bright = ImageEnhance.Brightness(scene(1, shift=4)).enhance(1.1)
    save(bright, folder / "c.jpg", "2026:05:01 12:00:02", "0")
    save(scene(1), folder / "d.jpg", "2026:05:01 13:00:00")
    save(scene(2), folder / "e.jpg", "2026:05:01 12:00:01")
    (folder / "f.jpg").write_bytes(b"no photo")
    return folder


def names(burst: Burst) -> list[str]:
    return [Path(frame.photo).name for frame in burst.frames]


def bursts_of(results: list[Burst | PhotoError]) -> list[list[str]]:
    return [names(result) for result in results if isinstance(result, Burst)]


@pytest.mark.parametrize("workers", [1, 3])
def test_bursts_then_errors(scorer: Scorer, album: Path, workers: int) -> None:
    seen = []
    results = best_of_bursts(scorer, find_photos(album), workers=workers, on_photo=lambda: seen.append(1))
    assert bursts_of(results) == [["c.jpg", "a.jpg", "b.jpg"], ["d.jpg"], ["e.jpg"]]
    assert isinstance(results[-1], PhotoError)
    assert len(seen) == 6
    first = results[0]
    assert isinstance(first, Burst)
    assert first.best.reasons == ()
    assert first.best.taken == datetime(2026, 5, 1, 12, 0, 2)
    assert first.best.assessment.score == scorer.score(first.best.photo)
    assert [reason.text for reason in first.others[1].reasons] == ["darker"]


def test_the_gap(scorer: Scorer, album: Path) -> None:
    assert bursts_of(best_of_bursts(scorer, find_photos(album), gap=0.9))[:2] == [
        ["a.jpg", "b.jpg"],
        ["c.jpg"],
    ]


def test_names_do_not_count(scorer: Scorer, tmp_path: Path) -> None:
    save(scene(1), tmp_path / "IMG_0001.jpg", "2026:05:01 12:00:00")
    save(scene(2), tmp_path / "IMG_0002.jpg", "2026:05:01 12:00:00")
    save(scene(1, shift=1), tmp_path / "zoo.jpg", "2026:05:01 12:00:00")
    grouped = bursts_of(best_of_bursts(scorer, find_photos(tmp_path)))
    assert sorted(map(sorted, grouped)) == [["IMG_0001.jpg", "zoo.jpg"], ["IMG_0002.jpg"]]


def test_the_sharp_one_of_photos_with_one_score(scorer: Scorer, tmp_path: Path) -> None:
    """The model, which sees brightness alone, cannot tell them apart."""
    save(scene(1).filter(ImageFilter.GaussianBlur(2)), tmp_path / "a.jpg", "2026:05:01 12:00:00")
    save(scene(1), tmp_path / "b.jpg", "2026:05:01 12:00:01")
    (burst,) = best_of_bursts(scorer, find_photos(tmp_path))
    assert isinstance(burst, Burst)
    assert names(burst) == ["b.jpg", "a.jpg"]
    assert [reason.text for reason in burst.others[0].reasons] == ["less sharp"]


def test_the_original_beats_its_smaller_copy(scorer: Scorer, tmp_path: Path) -> None:
    copy = scene(1).resize((120, 90), Image.Resampling.BICUBIC)
    save(copy, tmp_path / "a.jpg")
    save(scene(1), tmp_path / "b.jpg", "2026:05:01 12:00:01")
    (burst,) = best_of_bursts(scorer, find_photos(tmp_path))
    assert isinstance(burst, Burst)
    assert names(burst) == ["b.jpg", "a.jpg"]
    assert [reason.text for reason in burst.others[0].reasons] == ["fewer pixels"]


def test_a_photo_turned_by_its_orientation_is_compared_upright(scorer: Scorer, tmp_path: Path) -> None:
    plain = save(scene(1), tmp_path / "a.jpg", "2026:05:01 12:00:00")
    exif = Image.open(plain).getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    scene(1).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "b.jpg", exif=exif, quality=95)
    assert len(best_of_bursts(scorer, find_photos(tmp_path))) == 1


def test_a_path_given_twice_counts_once(scorer: Scorer, album: Path) -> None:
    path = album / "a.jpg"
    (burst,) = best_of_bursts(scorer, [path, str(path)])
    assert isinstance(burst, Burst)
    assert burst.others == ()


def test_a_photo_that_vanishes_before_the_second_look(
    scorer: Scorer, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def group(*arguments: object, **options: object) -> list[list[int]]:
        (album / "b.jpg").unlink()
        return [[0, 1, 2]]

    monkeypatch.setattr(best, "group", group)
    burst, error = best_of_bursts(scorer, [album / f"{name}.jpg" for name in "abc"])
    assert isinstance(burst, Burst)
    assert names(burst) == ["c.jpg", "a.jpg"]
    assert isinstance(error, PhotoNotFound)


def test_no_photos(scorer: Scorer) -> None:
    assert best_of_bursts(scorer, []) == []
