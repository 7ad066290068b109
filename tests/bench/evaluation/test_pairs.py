"""Pairs of near-duplicates: which are compared, and how often the order is people's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageEnhance, ImageFilter

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.opinions import Judged
from mobileiqa_bench.evaluation.pairs import NEAR, measure_pairs, near_pairs
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.bursts.looks import Look

from ...sdk.bursts.scenes import save, scene

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def scorer(tiny_artifact: Path) -> Scorer:
    return Scorer(tiny_artifact, threads=1)


def rows(scorer: Scorer, folder: Path, mos: dict[str, float]) -> list[Judged]:
    paths = [folder / name for name in mos]
    return [
        Judged(RatedPhoto(path, value), scorer.score(path), None)
        for path, value in zip(paths, mos.values(), strict=True)
    ]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Scenes 1 and 2, each as it is and brighter; the model prefers the brighter ones."""
    for number in (1, 2):
        save(scene(number), tmp_path / f"{number}.png")
        save(ImageEnhance.Brightness(scene(number)).enhance(1.15), tmp_path / f"{number} bright.png")
    return tmp_path


def test_which_pairs_are_near() -> None:
    looks = [Look(np.arange(64) < bits, np.zeros(192, np.float32)) for bits in (0, NEAR, 2 * NEAR + 1)]
    assert near_pairs(looks) == [(0, 1)]
    assert near_pairs([]) == []


def test_half_of_the_pairs_are_in_peoples_order(scorer: Scorer, album: Path) -> None:
    mos = {"1.png": 0.4, "1 bright.png": 0.5, "2.png": 0.5, "2 bright.png": 0.4}
    accuracy = measure_pairs(scorer, rows(scorer, album, mos), resamples=200)
    assert accuracy is not None
    assert (accuracy.pairs, accuracy.groups) == (2, 2)
    assert (accuracy.score.value, accuracy.score.low, accuracy.score.high) == (0.5, 0.0, 1.0)
    assert accuracy.to_dict()["best"]["value"] == accuracy.best.value
    assert "2 pairs of 2 groups" in accuracy.table()


def test_opinions_that_are_close_say_nothing(scorer: Scorer, album: Path) -> None:
    mos = {"1.png": 0.50, "1 bright.png": 0.54, "2.png": 0.1, "2 bright.png": 0.9}
    accuracy = measure_pairs(scorer, rows(scorer, album, mos), resamples=10)
    assert accuracy is not None
    assert (accuracy.pairs, accuracy.score.value) == (1, 1.0)
    assert measure_pairs(scorer, rows(scorer, album, {"1.png": 0.1, "2.png": 0.9})) is None


def test_equal_scores_are_half_right_and_the_second_look_decides(scorer: Scorer, tmp_path: Path) -> None:
    save(scene(1), tmp_path / "sharp.png")
    save(scene(1).filter(ImageFilter.GaussianBlur(2)), tmp_path / "soft.png")
    judged = rows(scorer, tmp_path, {"sharp.png": 0.9, "soft.png": 0.2})
    accuracy = measure_pairs(scorer, judged, resamples=10)
    assert accuracy is not None
    assert accuracy.best.value == 1.0
    save(scene(1), tmp_path / "soft.png")
    accuracy = measure_pairs(
        scorer, rows(scorer, tmp_path, {"sharp.png": 0.9, "soft.png": 0.2}), resamples=10
    )
    assert accuracy is not None
    assert accuracy.score.value == accuracy.best.value == 0.5


def test_the_command(run: Run, tiny_artifact: Path, album: Path) -> None:
    table = album / "labels.csv"
    table.write_text("image_name,MOS\n1.png,2\n1 bright.png,4\n2.png,1\n")
    arguments = ("evaluate", tiny_artifact, "--csv", table, "--pairs", "--resamples", 10)
    assert "1 pair of 1 group of near-duplicates" in run(*arguments).out
    assert json.loads(run(*arguments, "--json").out)["pairs"]["score"]["value"] == 1.0
    table.write_text("image_name,MOS\n1.png,2\n2.png,1\n2 bright.png,1\n")
    assert "no near-duplicates" in run(*arguments).out
    assert json.loads(run(*arguments, "--json").out)["pairs"] is None
    assert run("evaluate", tiny_artifact, "--ladders", "--pairs").code == 2
