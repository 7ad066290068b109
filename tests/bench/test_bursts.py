"""Made bursts: what is made of a photo, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mobileiqa_bench import bursts
from mobileiqa_sdk import Scorer

from ..sdk import artifacts
from ..sdk.bursts.scenes import save, scene


def test_a_frame_that_does_not_move_is_the_middle() -> None:
    whole = Image.fromarray(np.arange(200 * 100 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8))
    seen = bursts.frame(whole, 0, 0, 0)
    assert np.array_equal(np.asarray(seen), np.asarray(whole)[10:90, 20:180])
    moved = bursts.frame(whole, 0.05, -0.025, 0)
    assert np.array_equal(np.asarray(moved), np.asarray(whole)[8:88, 28:188])


def test_grouping_counts_pairs() -> None:
    scenes = [bursts.make_scene(scene(number, size=(300, 220))) for number in (1, 2)]
    outcomes = bursts.measure_grouping(*scenes)
    frames = len(bursts.FRAMES)
    assert len(outcomes["frames of a burst are together"]) == frames * (frames - 1) / 2
    assert outcomes["an hour later is merged"] == [0.0] * 2 * frames
    assert outcomes["another scene in the same seconds is merged"] == [0.0] * frames * frames
    assert outcomes["an edit joins its burst: half the size"] == [1.0]
    same = bursts.measure_grouping(scenes[0], scenes[0])
    assert sum(same["another scene in the same seconds is merged"]) > 0


def test_the_best_is_the_frame_without_a_fault(tmp_path: Path) -> None:
    scorer = Scorer(artifacts.save(tmp_path / "tiny"), threads=1)
    outcomes = bursts.measure_best(scorer, scene(1, size=(300, 220)))
    assert outcomes["one stop too dark: the higher score"] == [1.0] * (len(bursts.FRAMES) - 1)
    assert outcomes["one stop too bright: the higher score"] == [0.0] * (len(bursts.FRAMES) - 1)


def test_shares_and_their_intervals_are_over_photos() -> None:
    figures = bursts.summarise([{"a": [1.0, 0.0]}, {"a": [1.0]}], 500)
    assert (figures["a"].value, figures["a"].low, figures["a"].high) == (0.75, 0.5, 1.0)


@pytest.mark.parametrize("options", [("--grouping",), ()])
def test_the_command(tmp_path: Path, options: tuple[str, ...]) -> None:
    model = artifacts.save(tmp_path / "tiny")
    paths = [save(scene(number, size=(300, 220)), tmp_path / f"{number}.png") for number in (1, 2)]
    runner = CliRunner()
    result = runner.invoke(bursts.command, [*paths, "-m", str(model), "--json", *options])
    answer = json.loads(result.output)
    assert answer["photos"] == 2
    assert ("noise: mobileiqa best" in answer) is (not options)
    table = runner.invoke(bursts.command, [*paths, "-m", str(model), *options]).output
    assert "bursts of 2 photos" in table
    assert runner.invoke(bursts.command, paths[:1]).exit_code == 2
