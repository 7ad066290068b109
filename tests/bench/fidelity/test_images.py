"""The verification set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing
from mobileiqa_bench.fidelity.images import LIMITS, Limits, default_count, evenly, verification_set
from mobileiqa_bench.scenes import scene
from mobileiqa_sdk.contract import InputSpec
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.resample import resize

SIZE = (48, 64)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five photos, one of them damaged, and a file that is none."""
    for index in range(4):
        Image.fromarray(scene(index, 60, 80)).save(tmp_path / f"{index}.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def test_it_begins_with_the_golden_image() -> None:
    actual = verification_set(InputSpec(*SIZE), count=20)
    assert actual.names[0] == "golden"
    assert np.array_equal(actual.pixels[0], resize(Image.fromarray(golden_image()), *SIZE))
    assert len(actual.names) == len(actual.pixels) == len(set(actual.names)) == 20
    assert all(picture.shape == (*SIZE, 3) and picture.dtype == np.uint8 for picture in actual.pixels)
    assert all(picture.flags.writeable for picture in actual.pixels)
    assert any(name.endswith("of 5") for name in actual.names)


def test_it_is_the_same_every_time(photos: Path) -> None:
    first, second = (verification_set(InputSpec(*SIZE), photos, 16) for _ in range(2))
    assert first.names == second.names
    assert all(map(np.array_equal, first.pixels, second.pixels))


def test_a_photo_that_cannot_be_read_is_a_row(photos: Path) -> None:
    actual = verification_set(InputSpec(*SIZE), photos, 16)
    assert [Path(row.photo).name for row in actual.skipped] == ["broken.jpg"]
    assert {"0.png", "1.png", "2.png", "3.png"} < set(actual.names)


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_a_folder_without_photos(content: bytes | None, tmp_path: Path) -> None:
    if content:
        (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(PhotosMissing, match=str(tmp_path)):
        verification_set(InputSpec(*SIZE), tmp_path)


def test_evenly() -> None:
    assert evenly(range(10), 4) == [0, 3, 6, 9]
    assert evenly("abc", 5) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("size", "limits", "count"),
    [
        ((512, 512), LIMITS, 120),
        ((4096, 4096), LIMITS, 64),
        ((1024, 896), LIMITS, 73),
        ((1024, 896), Limits(8, 8), 8),
        ((1024, 896), Limits(74, 200), 74),
    ],
)
def test_how_many_by_default(size: tuple[int, int], limits: Limits, count: int) -> None:
    assert default_count(InputSpec(*size), limits) == count


def test_at_most_half_are_photographs_as_they_are(photos: Path) -> None:
    (photos / "broken.jpg").unlink()
    names = verification_set(InputSpec(*SIZE), photos, 6).names
    assert names[2:4] == ["0.png", "3.png"]
    assert [name.split(",")[0] in names[2:4] for name in names[4:]] == [True, True]
