"""Drawn pictures: of every kind, the same from the same seed, and what their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from training.no_photos import KINDS, picture
from training.no_photos.ink import SANS, font, size_of, words
from training.no_photos.paper import scan


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_seed_decides_the_whole_picture(kind: str) -> None:
    first, again, other = picture(kind, 3), picture(kind, 3), picture(kind, 4)
    assert (first.mode, first.size) == ("RGB", again.size)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert 96 <= min(first.size) <= max(first.size) <= 2400


def test_kinds_draw_from_seeds_of_their_own() -> None:
    # A common seed would give plain surfaces and gradients one size and first colour.
    sizes = [(picture("plain", seed).size, picture("pattern", seed).size) for seed in range(3)]
    assert all(plain != pattern for plain, pattern in sizes)


def test_flat_kinds_have_few_colours_and_screens_much_ground() -> None:
    assert len(np.unique(_pixels("pattern", 0).reshape(-1, 3), axis=0)) == 2
    for kind in ("terminal", "dialog", "diagram"):
        colours, counts = np.unique(_pixels(kind, 1).reshape(-1, 3), axis=0, return_counts=True)
        assert len(colours) > 2
        assert counts.max() > counts.sum() * 0.2


@pytest.mark.parametrize("seed", range(4))
def test_misfires_are_nearly_black(seed: int) -> None:
    assert _pixels("misfire", seed).mean() < 30


def test_gradients_run_without_steps() -> None:
    pixels = _pixels("gradient", 0).astype(int)
    assert np.ptp(pixels) > 20
    assert max(np.abs(np.diff(pixels, axis=axis)).max() for axis in (0, 1)) <= 3


def test_words_are_made_of_the_alphabet() -> None:
    made = words(np.random.default_rng(0), 500, "ab")
    assert len(made) == 500
    letters = [word.strip(".,").lower() for word in made if not word.strip(".,").isdigit()]
    assert set("".join(letters)) == {"a", "b"}
    assert (min(map(len, letters)), max(map(len, letters))) in {(1, length) for length in range(8, 12)}
    assert any(word[0].isupper() for word in made)
    assert any(word.isdigit() for word in made)
    assert any(word.endswith(".") for word in made)


def test_sizes_and_fonts_are_those_asked_for() -> None:
    generator = np.random.default_rng(0)
    sides = [side for _ in range(200) for side in size_of(generator, 5, 7)]
    assert set(sides) == {5, 6, 7}
    assert font(generator, SANS[:1], 17).size == 17


def test_a_scan_keeps_the_sheet_but_is_not_clean() -> None:
    sheet = Image.new("RGB", (300, 200), "white")
    sheet.paste((0, 0, 0), (100, 50, 200, 150))
    scanned = np.asarray(scan(sheet, np.random.default_rng(1), (255, 255, 255))).astype(int)
    height, width = scanned.shape[:2]
    middle = scanned[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20]
    assert middle.mean() < 60
    assert scanned[5:25, 5:25].mean() > 190
    assert len(np.unique(middle)) > 3


def _pixels(kind: str, seed: int) -> np.ndarray:
    return np.asarray(picture(kind, seed))
