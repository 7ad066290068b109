"""How often a map finds the quarter with a fault: what is made of a photo, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mobileiqa_bench import where
from mobileiqa_bench.errors import PhotosMissing
from mobileiqa_bench.evaluation.faults import FAULTS, Fault
from mobileiqa_bench.scenes import scene
from mobileiqa_sdk import QualityMap, Scorer
from mobileiqa_sdk.where.windows import cut

from ..sdk import artifacts

NAN = float("nan")
DARK = Fault("defocus", "nothing", (0, 0, 0, 0, 0, 0), lambda pixels, *_: pixels // 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of free size; its score is 0.75 times the brightness, its fault ``defocus`` the brightness."""
    values = artifacts.free_contract(faults={"defocus": 1.0})
    values["input"]["settings"][1]["max_pixels"] = 2**18
    data = artifacts.free_model(values, faults={"defocus": 1.0})
    return artifacts.save(tmp_path_factory.mktemp("free"), data)


@pytest.mark.parametrize("quarter", range(4))
def test_a_fault_is_in_one_quarter_with_a_soft_seam(quarter: int) -> None:
    pixels = np.full((200, 300, 3), 200, np.uint8)
    spoiled = where.in_quarter(pixels, pixels // 4, quarter)[..., 0]
    corners = [spoiled[0, 0], spoiled[0, -1], spoiled[-1, 0], spoiled[-1, -1]]
    assert corners == [50 if corner == quarter else 200 for corner in range(4)]
    row = spoiled[0 if quarter < 2 else -1].astype(int)
    steps = np.abs(np.diff(row))
    assert 3 <= steps.max() <= 6  # 150 levels over the seam
    assert np.flatnonzero(steps).tolist() == list(range(150 - 17, 150 + 16))
    middle = spoiled[:, 0 if quarter % 2 == 0 else -1].astype(int)
    assert abs(middle[99:101].mean() - 125) <= 1


def quality_map(height: int, width: int, scores: np.ndarray) -> QualityMap:
    boxes = cut(height, width, 256)
    values = np.asarray(scores, np.float32)
    return QualityMap("a", "b", (height, width), boxes, values, {}, np.zeros((height, width, 3), np.uint8))


def test_a_window_counts_where_more_than_half_of_it_lies() -> None:
    scores = np.array([[1, 9, 2], [9, 9, 9], [3, 9, 4]]) / 10  # those in the middle are in two or four
    quality = quality_map(512, 512, scores)
    assert where.quarter_means(quality, quality.scores) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    quality = quality_map(600, 512, np.arange(12).reshape(4, 3) / 12)
    means = where.quarter_means(quality, quality.scores)
    assert means == pytest.approx(np.array([1.5, 3.5, 7.5, 9.5]) / 12)


def test_flat_windows_do_not_count() -> None:
    scores = np.array([[NAN, 0.9, 0.2], [0.9, 0.9, 0.9], [0.3, 0.9, 0.4]])
    quality = quality_map(512, 512, scores)
    means = where.quarter_means(quality, quality.scores)
    assert np.isnan(means).tolist() == [True, False, False, False]
    assert where.named_quarters(quality, quality_map(512, 512, np.full((3, 3), NAN)), "noise") == {"score": 1}


def test_each_measure_names_its_quarter() -> None:
    clean = quality_map(512, 512, np.array([[0.3, 0, 0.9], [0, 0, 0], [0.8, 0, 0.8]]))
    spoiled = quality_map(512, 512, np.array([[0.3, 0, 0.6], [0, 0, 0], [0.8, 0, 0.8]]))
    severities = {"noise": np.array([[0.1, 0, 0.2], [0, 0, 0], [0.4, 0, 0.3]], np.float32)}
    spoiled = QualityMap(
        spoiled.photo, "b", spoiled.size, spoiled.windows, spoiled.scores, severities, spoiled.pixels
    )
    assert where.named_quarters(spoiled, clean, "noise") == {"score": 0, "change": 1, "severity": 2}
    assert where.named_quarters(spoiled, clean, "defocus") == {"score": 0, "change": 1}


def test_every_fault_step_and_quarter_has_its_turn(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "LOCAL", ("defocus", "noise"))
    monkeypatch.setitem(FAULTS, "defocus", DARK)
    Image.fromarray(scene(3, 512, 512)).save(tmp_path / "a.png")
    trials = where.trials_of(Scorer(model, threads=1), (0, str(tmp_path / "a.png")))
    assert len(trials) == 2 * 5 * 4
    dark = [trial.right for trial in trials if trial.fault == "defocus"]
    assert dark == [{"score": True, "change": True, "severity": False}] * 20  # the severity is the brightness
    assert [trial.step for trial in trials] == [
        step for _ in range(2) for step in range(1, 6) for _ in range(4)
    ]
    assert set(trials[-1].right) == {"score", "change"}


def test_a_flat_quarter_is_not_counted(model: Path) -> None:
    pixels = scene(3, 512, 512)
    pixels[:300, :300] = 128
    nothing = Fault("noise", "nothing", (0, 0, 0, 0, 0, 0), lambda pixels, *_: pixels)
    mapper = where.Mapper(Scorer(model, threads=1))
    trials = list(where._trials(mapper, pixels, mapper.map(pixels), nothing, 3, 0))
    assert len(trials) == 3
    assert [trial.step for trial in trials] == [3, 3, 3]


def test_a_window_is_judged_once_and_as_the_scorer_does(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer(model, threads=1)
    mapper = where.Mapper(scorer)
    first = scene(3, 512, 512)
    second = first.copy()
    second[300:, 300:] //= 4
    expected = [scorer.map(pixels).scores for pixels in (first, second)]
    judged: list[int] = []
    predict = scorer.predict
    monkeypatch.setattr(scorer, "predict", lambda window: judged.append(1) or predict(window))
    maps = [mapper.map(pixels).scores for pixels in (first, second, first)]
    assert np.array_equal(maps, [*expected, expected[0]], equal_nan=True)
    assert not np.isnan(expected).any()
    assert len(judged) == 9 + 4  # the four that end beyond 300, of nine


def test_shares_are_by_measure_fault_and_step() -> None:
    trials = [
        where.Trial("noise", 1, {"score": True, "change": True}),
        where.Trial("noise", 2, {"score": False, "change": True}),
        where.Trial("defocus", 2, {"score": False, "change": True}),
    ]
    summary = where.summarise(trials)
    assert list(summary) == ["score", "change"]
    score = summary["score"]
    assert {fault: list(steps) for fault, steps in score.items()} == {
        "defocus": ["2", "all"],
        "noise": ["1", "2", "all"],
        "all": ["1", "2", "all"],
    }
    assert (score["noise"]["all"].right, score["noise"]["all"].of) == (1, 2)
    assert (score["all"]["2"].right, score["all"]["2"].of) == (0, 2)
    assert summary["change"]["all"]["all"].right == 3


def test_the_interval_is_wilsons() -> None:
    share = where.share([True] * 18 + [False] * 2)
    z = 1.959964
    middle, half = 0.9 + z * z / 40, z * np.sqrt(0.9 * 0.1 / 20 + z * z / 1600)
    assert share.low == pytest.approx((middle - half) / (1 + z * z / 20), abs=1e-5)
    assert share.high == pytest.approx((middle + half) / (1 + z * z / 20), abs=1e-5)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    monkeypatch.setattr(where, "LOCAL", ("noise",))
    Image.fromarray(scene(3, 384, 384)).save(tmp_path / "a.png")
    options = ["--photos", str(tmp_path), "-m", str(model), *(["--json"] if as_json else [])]
    result = CliRunner().invoke(where.main, options, catch_exceptions=False)
    assert result.exit_code == 0
    if as_json:
        answer = json.loads(result.output)
        assert (answer["photos"], answer["trials"]) == (1, 20)
        assert answer["score"]["noise"]["3"]["of"] == 4
    else:
        assert "by score" in result.output
        assert "by change" in result.output
        assert "by severity" not in result.output
        assert "1 photo, 20 trials; 0 flat quarters" in result.output


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotosMissing):
        CliRunner().invoke(where.main, ["--photos", str(tmp_path)], catch_exceptions=False)
