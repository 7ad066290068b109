"""Ladders: which figures they give, what is distorted at which size, and how they are drawn."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing, PlotUnavailable
from mobileiqa_bench.evaluation import ladders, plots
from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from mobileiqa_bench.evaluation.errors import NothingScored
from mobileiqa_bench.evaluation.ladder_table import write_ladder_table
from mobileiqa_bench.evaluation.ladders import STEPS, Climb, Ladders, climb_ladders
from mobileiqa_bench.evaluation.plots import plot_ladders
from mobileiqa_bench.photographs import shipped_photographs

from .fakes import FakeScorer, brightness, sharpness

COUNT = len(DISTORTIONS)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of 160x136 pixels."""
    with Image.open(shipped_photographs()[0]) as image:
        image.convert("RGB").crop((150, 50, 310, 186)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def made(*ladders_of_photos: list[float], mode: ladders.Mode = "input") -> Ladders:
    """Photos whose ladders are the same for all distortions but the first, which falls by 0.1 a step."""
    climbs = []
    for number, ladder in enumerate(ladders_of_photos):
        scores = np.tile(np.array(ladder), (COUNT, 1))
        scores[0] = ladder[0] - 0.1 * np.arange(STEPS)
        climbs.append(
            Climb(
                f"{number}.jpg",
                (400, 600),
                scores,
                ladder[0] + 0.01,
                ladder[0] - 0.02,
                ladder[0] / 2,
                math.nan,
            )
        )
    return Ladders("made", "48 x 64", mode, climbs, {"bad.jpg": "no such file"})


def test_the_share_of_steps_in_order() -> None:
    result = made([0.8, 0.7, 0.7, 0.6, 0.65, 0.5])  # equal and rising steps are wrong
    assert result.ordered_by_distortion["gaussian blur"] == 1
    assert result.ordered_by_distortion["banding"] == pytest.approx(3 / 5)
    assert result.ordered == pytest.approx((5 + 8 * 3) / (5 * COUNT))


def test_the_step_from_which_a_defect_is_visible() -> None:
    falls = made([0.8, 0.79, 0.781, 0.779, 0.7, 0.6])
    assert falls.visible_from["gaussian blur"] == 1
    assert falls.visible_from["noise"] == 3
    assert made([0.8, 0.79, 0.781, 0.9, 0.8, 0.79]).visible_from["noise"] is None
    # It is the mean over photos that counts.
    both = made([0.8, 0.7, 0.6, 0.5, 0.4, 0.3], [0.8, 0.9, 0.9, 0.8, 0.8, 0.8])
    assert both.visible_from["noise"] == 2


def test_differences_and_ranks() -> None:
    result = made([0.8] * STEPS, [0.7] * STEPS, [0.9] * STEPS)
    assert result.flip_difference == pytest.approx(0.01)
    assert result.jpeg_difference == pytest.approx(0.02)
    assert result.srcc_half == pytest.approx(1)
    assert math.isnan(result.srcc_quarter)
    assert math.isnan(made([0.8] * STEPS, [0.7] * STEPS).srcc_half)


def test_as_json() -> None:
    values = json.loads(json.dumps(made([0.8, 0.7, 0.6, 0.5, 0.4, 0.3]).to_dict(), allow_nan=False))
    assert values["photos"] == values["failed"] == 1
    assert values["srcc_half"] is values["srcc_quarter"] is values["climbs"][0]["quarter"] is None
    assert list(values["distortions"]) == list(values["climbs"][0]["scores"]) == list(DISTORTIONS)
    noise = values["distortions"]["noise"]
    assert noise["strengths"] == list(DISTORTIONS["noise"].steps)
    assert noise["mean_scores"] == pytest.approx([0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    assert (noise["ordered"], noise["visible_from"]) == (1, 1)
    assert values["errors"] == [{"path": "bad.jpg", "error": "no such file"}]


def test_as_a_table() -> None:
    lines = write_ladder_table(made([0.8, 0.79, 0.785, 0.79, 0.7, 0.6], [0.6] * STEPS)).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 2 + COUNT + 1
    assert [cell.strip() for cell in rows[-2].split("|")[1:-1]] == [
        "banding (levels)", "0.700", "0.695", "0.693", "0.695", "0.650", "0.600", "40.0%", "step 4: 5",
    ]  # fmt: skip
    assert "48 x 64" in lines[0]
    assert "at the photos' own size" in write_ladder_table(made([0.6] * STEPS, mode="full"))
    assert "never" in write_ladder_table(made([0.6] * STEPS))


@pytest.mark.parametrize("mode", ["input", "full"])
def test_what_is_distorted_at_which_size(photo: Path, mode: ladders.Mode) -> None:
    scorer = FakeScorer(sharpness)
    result = climb_ladders(scorer, [photo], mode=mode)
    sizes = [asked.shape[:2] for asked in scorer.asked]
    at = (48, 64) if mode == "input" else (136, 160)
    assert sizes == [at] * (1 + 5 * COUNT + 2) + [(68, 80), (34, 40)]
    (climb,) = result.climbs
    assert climb.size == (136, 160)
    assert climb.original == FakeScorer(sharpness).score(photo)
    blur = DISTORTIONS["gaussian blur"]
    start = scorer.asked[0]
    expected = FakeScorer(sharpness).score(blur.apply(start, blur.steps[3], 0))
    assert climb.scores[list(DISTORTIONS).index("gaussian blur"), 4] == expected
    assert climb.flipped == FakeScorer(sharpness).score(np.ascontiguousarray(start[:, ::-1]))
    assert result.ordered_by_distortion["gaussian blur"] == 1
    assert result.ordered_by_distortion["noise"] == 0  # sharpness takes noise for detail


def test_the_same_ladder_gives_the_same_scores(photo: Path) -> None:
    first, again = (climb_ladders(FakeScorer(sharpness), [photo]) for _ in range(2))
    assert first.to_dict() == again.to_dict()


def test_a_fault_that_shrinking_hides_is_not_visible(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    # Details of sixteen pixels, so a blur of one takes nothing from what is left after shrinking.
    Image.fromarray(noise.repeat(16, axis=0).repeat(16, axis=1)).save(tmp_path / "large.png")
    scorer = FakeScorer(sharpness, 32, 40)
    seen = climb_ladders(scorer, [tmp_path / "large.png"], mode="input").visible_from["gaussian blur"]
    full = climb_ladders(scorer, [tmp_path / "large.png"], mode="full").visible_from["gaussian blur"]
    assert seen == 1
    assert full is not None
    assert full > seen


def test_photos_that_fail_are_listed_and_the_rest_counts(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    given = [tmp_path / "bad.jpg", photo, tmp_path / "none.jpg"]
    result = climb_ladders(FakeScorer(sharpness), given, unread={"empty": "no photos in this folder"})
    assert [climb.photo for climb in result.climbs] == [str(photo)]
    assert list(result.errors) == ["empty", str(tmp_path / "bad.jpg"), str(tmp_path / "none.jpg")]
    assert result.errors[str(tmp_path / "none.jpg")] == "no such file"
    rows = list(result.rows())
    assert len(rows) == 1 + 5 * COUNT + 4 + 3
    assert rows[0]["score"] == result.climbs[0].original
    assert [row["error"] for row in rows[-3:]] == list(result.errors.values())
    assert rows[5] == {
        "path": str(photo),
        "distortion": "gaussian blur",
        "step": 5,
        "strength": 7.0,
        "score": result.climbs[0].scores[0, 5],
        "error": None,
    }


@pytest.mark.parametrize(
    ("side", "half", "quarter"), [(128, True, True), (100, True, False), (50, False, False)]
)
def test_photos_too_small_to_shrink(tmp_path: Path, side: int, half: bool, quarter: bool) -> None:
    Image.effect_noise((side, side), 60).convert("RGB").save(tmp_path / "small.png")
    (climb,) = climb_ladders(FakeScorer(brightness), [tmp_path / "small.png"]).climbs
    assert (math.isfinite(climb.half), math.isfinite(climb.quarter)) == (half, quarter)


def test_not_a_single_photo(tmp_path: Path) -> None:
    with pytest.raises(NothingScored, match=r"none\.jpg"):
        climb_ladders(FakeScorer(brightness), [tmp_path / "none.jpg"])
    with pytest.raises(PhotosMissing):
        climb_ladders(FakeScorer(brightness), [])


@pytest.mark.parametrize("suffix", [".PNG", ".svg"])
def test_a_plot_is_drawn_and_drawn_the_same_again(tmp_path: Path, suffix: str) -> None:
    result = made([0.8, 0.7, 0.75, 0.5, 0.4, 0.3], [0.6] * STEPS)
    files = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for file in files:
        plot_ladders(result, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    if suffix == ".svg":
        assert ElementTree.parse(files[0]).getroot().tag.endswith("svg")  # noqa: S314 - our own file
    else:
        with Image.open(files[0]) as image:
            width, height = image.size
            colours = {colour for _, colour in image.convert("RGB").getcolors(width * height) or []}
        assert width / height == pytest.approx(16 / 9, abs=0.01)
        for expected in (plots.MEAN, plots._WRONG):
            assert tuple(bytes.fromhex(expected[1:])) in colours


def test_a_name_is_no_formula(tmp_path: Path) -> None:
    climbs = made([0.6] * STEPS).climbs
    plot_ladders(Ladders(r"$\frac{$", (48, 64), "full", climbs, {}), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_plots_that_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = made([0.6] * STEPS)
    with pytest.raises(PlotUnavailable, match=r"\.png or \.svg"):
        plot_ladders(result, tmp_path / "a.pdf")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotUnavailable, match=r'pip install "mobileiqa-sdk\[evaluate\]"'):
        plot_ladders(result, tmp_path / "a.png")


def test_a_drop_of_exactly_the_limit_is_not_visible() -> None:
    climbs = made([ladders.VISIBLE_DROP, 0, 0, 0, 0, 0]).climbs
    result = Ladders("made", (48, 64), "input", climbs, {})
    assert result.visible_from["banding"] is None
