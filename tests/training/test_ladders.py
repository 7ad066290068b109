from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from training.ladders import (
    GAP,
    RUNGS,
    LadderSource,
    better_half,
    draw_rungs,
    is_large,
    read_photographs,
    strength_at,
)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_strengths_grow_from_nothing_through_the_customary_steps(name: str) -> None:
    distortion = DISTORTIONS[name]
    assert strength_at(distortion, 0) is None
    assert strength_at(distortion, 3) == pytest.approx(distortion.steps[2])
    strengths = [strength_at(distortion, step) for step in np.linspace(0.1, 5, 30)]
    assert None not in strengths
    falling = distortion.steps[0] > distortion.steps[1]
    assert strengths == sorted(strengths, reverse=falling)  # type: ignore[type-var]


def test_only_faults_that_shrinking_hides_are_made_stronger() -> None:
    assert strength_at(DISTORTIONS["gaussian blur"], 2, 2.0) == pytest.approx(2.8)
    assert strength_at(DISTORTIONS["JPEG"], 2, 2.0) == pytest.approx(28)


def test_rungs_get_worse_and_repeat(scenes: list[Path]) -> None:
    photo = np.asarray(Image.open(scenes[0]))
    for seed in range(20):
        name, rungs = draw_rungs(photo, (96, 96), np.random.default_rng(seed))
        assert name in DISTORTIONS
        assert [rung.shape for rung in rungs] == [(96, 96, 3)] * RUNGS
        assert not np.array_equal(rungs[0], rungs[-1])
        again = draw_rungs(photo, (96, 96), np.random.default_rng(seed))[1]
        assert all(np.array_equal(a, b) for a, b in zip(rungs, again, strict=True))


def test_large_photographs_are_shrunk_and_other_files_passed_over(scenes: list[Path]) -> None:
    folder = scenes[0].parent
    (folder / "notes.txt").write_text("not a photo")
    photos = read_photographs([folder], (32, 24))
    assert {photo.shape for photo in photos} == {(64, 48, 3)}
    assert len(photos) == len(scenes)
    assert {rung.shape for rung in draw_rungs(photos[0], (32, 24), np.random.default_rng(0))[1]} == {
        (32, 24, 3)
    }


def test_the_better_half_is_rated_at_least_as_good_as_the_median() -> None:
    paths = [Path(name) for name in "abcde"]
    mos = np.array([0.1, 0.9, 0.5, 0.4, 0.6], np.float32)
    assert better_half(paths, mos) == [Path("b"), Path("c"), Path("e")]


def test_rungs_are_steps_apart(monkeypatch: pytest.MonkeyPatch, scenes: list[Path]) -> None:
    """Each rung is a step of GAP worse than the one before, unless all were squeezed below step 5."""
    photo = np.asarray(Image.open(scenes[0]))
    taken: list[float] = []

    def record(distortion: object, step: float, scale: float) -> None:
        taken.append(step)

    monkeypatch.setattr("training.ladders.strength_at", record)
    squeezed = 0
    for seed in range(40):
        taken.clear()
        draw_rungs(photo, (96, 96), np.random.default_rng(seed))
        gaps = np.diff(taken)
        assert len(taken) == RUNGS
        assert 0 <= taken[0] < taken[-1] <= 5 + 1e-9
        assert gaps.max() <= GAP[1] + 1e-9
        if taken[-1] < 5 - 1e-9:
            assert gaps.min() >= GAP[0]
        else:
            squeezed += 1
    assert 0 < squeezed < 30


def test_a_large_photo_is_large_both_ways() -> None:
    sizes = {(64, 48): True, (63, 48): False, (64, 47): False}
    assert {size: is_large(np.zeros((*size, 3), np.uint8), (32, 24)) for size in sizes} == sizes


def test_some_large_photos_are_distorted_at_twice_the_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the faults that shrinking hides are twice as strong."""
    photo = np.zeros((96, 96, 3), np.uint8)
    scales: list[float] = []

    def record(distortion: object, step: float, scale: float) -> None:
        scales.append(scale)

    monkeypatch.setattr("training.ladders.strength_at", record)
    for seed in range(60):
        assert draw_rungs(photo, (32, 24), np.random.default_rng(seed))[1][0].shape == (32, 24, 3)
    assert set(scales) == {1.0, 2.0}
    assert 0.1 < scales.count(2.0) / len(scales) < 0.4


def test_half_of_the_ladders_begin_with_unrated_photographs(
    monkeypatch: pytest.MonkeyPatch, scenes: list[Path]
) -> None:
    unrated = np.zeros((40, 40, 3), np.uint8)
    starts: list[bool] = []

    def record(photo: np.ndarray, *_: object) -> tuple[str, list[np.ndarray]]:
        starts.append(photo is unrated)
        return "", []

    monkeypatch.setattr("training.ladders.draw_rungs", record)
    for seed in range(60):
        LadderSource(scenes, [unrated], (32, 32)).draw(np.random.default_rng(seed))
    assert 15 < sum(starts) < 45
    starts.clear()
    LadderSource(scenes, [], (32, 32)).draw(np.random.default_rng(0))
    assert starts == [False]
