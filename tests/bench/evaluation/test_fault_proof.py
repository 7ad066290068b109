"""The proof of a model's faults: its figures by hand, what the model is asked, and the command."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing, PlotUnavailable
from mobileiqa_bench.evaluation import cli, fault_plot, plots
from mobileiqa_bench.evaluation.agreement import Interval
from mobileiqa_bench.evaluation.errors import FaultsUnanswered, NothingScored
from mobileiqa_bench.evaluation.fault_answers import AnsweredPhoto, AskedFaults, ask_about_faults, shrunk_by
from mobileiqa_bench.evaluation.fault_plot import plot_faults
from mobileiqa_bench.evaluation.fault_proof import (
    RATIO_GOAL,
    RISING_GOAL,
    FaultAnswers,
    auc,
    prove_faults,
)
from mobileiqa_bench.evaluation.fault_table import write_fault_table
from mobileiqa_bench.evaluation.faults import FAULTS, STEPS, Fault
from mobileiqa_bench.photographs import shipped_photographs
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.errors import ContractMismatch
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.reason import EXPLAINED_UP_TO, FAULT_FROM, worst_first

from ...sdk import artifacts
from .fakes import FakeScorer, brightness

Run = Callable[..., Any]
PAIR = ("noise", "banding")
NOISE_A = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
NOISE_B = [0.3, 0.3, 0.2, 0.6, 0.7, 0.7]
BANDING_A = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
BANDING_B = [0.2, 0.4, 0.6, 0.8, 0.9, 1.0]


def photo(noise: list[float], banding: list[float], cross: float = 0.0) -> np.ndarray:
    """Severities [2, 6, 2] of a photo: two own ladders; under banding, noise moves by `cross` a step."""
    severities = np.empty((2, 1 + STEPS, 2))
    severities[0, :, 0], severities[0, :, 1] = noise, banding[0]
    severities[1, :, 1], severities[1, :, 0] = banding, noise[0] + cross * np.arange(1 + STEPS)
    return severities


def answers(*photos: np.ndarray, photographs: float | None = None) -> FaultAnswers:
    severities = np.stack(photos)
    scores = np.full(severities.shape[:3], 0.5)
    certain = None if photographs is None else np.full(scores.shape, photographs)
    return FaultAnswers(PAIR, severities, scores, certain)


TWO = answers(photo(NOISE_A, BANDING_A, -0.01), photo(NOISE_B, BANDING_B, -0.02))


def test_areas_by_hand() -> None:
    """Noise at step 1: 0.2 and 0.3 against 0.1 and 0.3: two higher, one lower, one equal."""
    noise = prove_faults(TWO, resamples=10).faults["noise"]
    assert [area.value for area in noise.auc] == [2.5 / 4, 2.5 / 4, 1, 1, 1]
    assert [area.value for area in prove_faults(TWO, resamples=10).faults["banding"].auc] == [
        3 / 4, 3.5 / 4, 1, 1, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("faulty", "faultless", "area"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1, 0.2], [0.9, 0.8], 0.0),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], 0.5),
        ([0.7, 0.2, 0.5], [0.3, 0.5, 0.1], (3 + 1 + 2.5) / 9),
    ],
)
def test_an_area_counts_pairs_and_halves_of_equal_ones(
    faulty: list[float], faultless: list[float], area: float
) -> None:
    one = np.ones((1, len(faulty)))
    assert auc(np.array(faulty), np.array(faultless), one) == pytest.approx([area])


def test_areas_of_resamples_are_those_of_the_drawn_photos() -> None:
    rng = np.random.default_rng(0)
    faulty, faultless = rng.integers(0, 5, 7) / 4, rng.integers(0, 5, 7) / 4
    counts = rng.multinomial(7, np.full(7, 1 / 7), 20).astype(float)
    for count, area in zip(counts, auc(faulty, faultless, counts), strict=True):
        rows = np.repeat(np.arange(7), count.astype(int))
        higher = faulty[rows][:, None] > faultless[rows]
        equal = faulty[rows][:, None] == faultless[rows]
        assert area == pytest.approx((higher + equal / 2).mean())


def test_rising_steps_by_hand() -> None:
    """Of noise all five steps of one photo rise, and of the other two: one falls, two are equal."""
    proof = prove_faults(TWO, resamples=10)
    assert proof.faults["noise"].rising.value == pytest.approx(7 / 10)
    assert proof.faults["banding"].rising.value == 1
    assert proof.rising.value == pytest.approx(17 / 20)
    assert proof.rising_exceptions == ("noise",)


def test_the_goal_of_rising_is_reached_exactly() -> None:
    steps = np.arange(1 + STEPS) / 10
    flat = np.where(steps > 0.35, 0.3, steps)  # three of five steps rise
    risen = [photo(list(steps), list(steps))] * 7
    proof = prove_faults(answers(*risen, photo(list(flat), list(steps))), resamples=10)
    assert proof.faults["noise"].rising.value == 38 / 40
    assert (RISING_GOAL, proof.rising_exceptions) == (0.95, ())
    assert prove_faults(
        answers(*risen, photo(list(0 * flat), list(steps))), resamples=10
    ).rising_exceptions == ("noise",)


def test_movements_by_hand() -> None:
    """Noise moves by 0.3 and 0.2 on average under itself, and by -0.03 and -0.06 under banding."""
    proof = prove_faults(TWO, resamples=10)
    noise, banding = proof.faults["noise"], proof.faults["banding"]
    assert noise.movement == pytest.approx((0.3 + 0.2) / 2)
    assert noise.movement_last == pytest.approx((0.5 + 0.4) / 2)
    assert noise.severities == pytest.approx(np.mean([NOISE_A, NOISE_B], axis=0))
    assert banding.movement == pytest.approx((0.3 + 0.54) / 2)
    # A row is an answer, a column the fault that was put in.
    assert proof.movements == pytest.approx(np.array([[0.25, -0.045], [0, 0.42]]))
    assert noise.ratio == pytest.approx(0.25 / 0.045)
    assert (noise.moved_by, banding.moved_by) == ("banding", None)
    assert banding.ratio == math.inf
    assert proof.ratio_exceptions == {}
    assert proof.severities.shape == (2, 1 + STEPS, 2)
    assert proof.severities[1, 5] == pytest.approx([0.2 - 0.075, 0.75])


@pytest.mark.parametrize(
    ("own", "cross", "ratio", "exceptions"),
    [
        ([0.0, 0.5, 0.5, 0.5, 0.5, 0.5], 0.03125, 0.5 / 0.09375, {}),
        ([0.0, 0.46875, 0.46875, 0.46875, 0.46875, 0.46875], 0.03125, RATIO_GOAL, {}),
        ([0.0, 0.375, 0.375, 0.375, 0.375, 0.375], -0.03125, 4.0, {"noise": "banding"}),
        ([0.5, 0.0, 0.0, 0.0, 0.0, 0.0], 0.03125, -0.5 / 0.09375, {"noise": "banding"}),
        ([0.5, 0.0, 0.0, 0.0, 0.0, 0.0], 0.0, -math.inf, {"noise": None}),
        ([0.5] * 6, 0.0, 0.0, {"noise": None}),
        ([0.5] * 6, 0.03125, 0.0, {"noise": "banding"}),
    ],
)
def test_ratios_and_their_exceptions(
    own: list[float], cross: float, ratio: float, exceptions: dict[str, str | None]
) -> None:
    proof = prove_faults(answers(photo(own, BANDING_A, cross)), resamples=10)
    assert proof.faults["noise"].ratio == pytest.approx(ratio)
    assert proof.ratio_exceptions == exceptions
    values = json.loads(json.dumps(proof.to_dict(), allow_nan=False))
    assert values["faults"]["noise"]["ratio"] == (pytest.approx(ratio) if math.isfinite(ratio) else None)


def test_the_largest_movement_of_others_counts_and_its_fault_is_named() -> None:
    faults = ("noise", "banding", "defocus")
    severities = np.full((1, 3, 1 + STEPS, 3), 0.5)
    severities[0, 0, 1:, 0] = 1.0
    severities[0, 1, 1:, 0] = 0.6
    severities[0, 2, 1:, 0] = 0.3
    proof = prove_faults(FaultAnswers(faults, severities, np.full((1, 3, 6), 0.5)), resamples=10)
    assert proof.faults["noise"].ratio == pytest.approx(2.5)
    assert proof.ratio_exceptions["noise"] == "defocus"


def test_one_fault_alone_is_moved_by_no_other() -> None:
    severities = np.array(NOISE_A).reshape(1, 1, 6, 1)
    alone = FaultAnswers(("noise",), severities, np.full((1, 1, 6), 0.5))
    figures = prove_faults(alone, resamples=10).faults["noise"]
    assert (figures.ratio, figures.moved_by, figures.worst) == (math.inf, None, (1, 1, 1, 1, 1))


def test_false_alarms_by_hand() -> None:
    quiet, noisy = [0.49] * 6, [FAULT_FROM] * 6
    proof = prove_faults(
        answers(photo(quiet, quiet), photo(noisy, quiet), photo(noisy, noisy), photo(quiet, noisy)),
        resamples=10,
    )
    assert proof.false_alarms == 3 / 4
    assert [proof.faults[name].false_alarms for name in PAIR] == [2 / 4, 2 / 4]
    only = prove_faults(answers(photo(quiet, quiet), photo(noisy, quiet)), resamples=10)
    assert [only.faults[name].false_alarms for name in PAIR] == [1 / 2, 0]


def test_named_and_worst_by_hand() -> None:
    proof = prove_faults(TWO, resamples=10)
    assert proof.faults["noise"].named == (0, 0, 1 / 2, 1, 1)
    # Banding is answered 0.0 and 0.2 under noise: an equal severity is not the worst.
    assert proof.faults["noise"].worst == (1, 1 / 2, 1, 1, 1)
    assert proof.faults["banding"].worst == (1, 1, 1, 1, 1)
    assert proof.faults["banding"].named == (0, 1 / 2, 1 / 2, 1 / 2, 1)


def test_faults_of_what_is_no_photograph_are_not_named() -> None:
    certain = prove_faults(answers(photo(NOISE_B, BANDING_B), photographs=0.9), resamples=10)
    assert certain.faults["noise"].named == (0, 0, 1, 1, 1)
    drawn = prove_faults(answers(photo(NOISE_B, BANDING_B), photographs=0.1), resamples=10)
    assert drawn.faults["noise"].named == (0, 0, 0, 0, 0)
    assert drawn.faults["noise"].worst == certain.faults["noise"].worst


def test_only_the_two_worst_are_named() -> None:
    faults = ("noise", "banding", "defocus")
    severities = np.full((1, 3, 1 + STEPS, 3), 0.5)
    severities[..., 1], severities[..., 2] = 0.7, 0.8
    severities[0, 0, 3:, 0] = 0.75
    proof = prove_faults(FaultAnswers(faults, severities, np.full((1, 3, 6), 0.5)), resamples=10)
    assert proof.faults["noise"].named == (0, 0, 1, 1, 1)
    assert proof.faults["noise"].worst == (0, 0, 0, 0, 0)


def test_intervals_are_over_photos_and_seeded() -> None:
    rng = np.random.default_rng(1)
    many = answers(*(photo(list(rng.random(6)), list(rng.random(6))) for _ in range(30)))
    first = prove_faults(many, resamples=300)
    assert prove_faults(many, resamples=300).to_dict() == first.to_dict()
    other = prove_faults(many, resamples=300, seed=1)
    assert other.rising != first.rising
    assert other.rising.value == first.rising.value
    shares = (np.diff(many.own, axis=2) > 0).mean(axis=2)
    counts = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), 300)
    low, high = np.percentile(counts @ shares.mean(axis=1) / 30, (2.5, 97.5))
    assert (first.rising.low, first.rising.high) == (pytest.approx(low), pytest.approx(high))
    for name, of_photos in zip(PAIR, shares.T, strict=True):
        figures = first.faults[name]
        error = of_photos.std() / np.sqrt(30)
        assert figures.rising.low == pytest.approx(figures.rising.value - 1.96 * error, abs=error / 2)
        assert figures.rising.high == pytest.approx(figures.rising.value + 1.96 * error, abs=error / 2)
        for area in figures.auc:
            assert area.low < area.value < area.high
            assert area.high - area.low == pytest.approx(0.29, abs=0.08)
    assert (
        first.rising.high - first.rising.low
        < first.faults["noise"].rising.high - first.faults["noise"].rising.low
    )


def test_one_photo_has_intervals_without_width() -> None:
    proof = prove_faults(answers(photo(NOISE_A, BANDING_A)), resamples=1)
    assert proof.rising == Interval(1.0, 1.0, 1.0)
    assert proof.faults["noise"].auc[0] == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TWO, severities=TWO.severities[:0], scores=TWO.scores[:0]),
        replace(TWO, severities=TWO.severities[:, :, :-1]),
        replace(TWO, severities=TWO.severities[..., :1]),
        replace(TWO, faults=("noise",)),
        replace(TWO, scores=TWO.scores[:1]),
        replace(TWO, photographs=TWO.scores[:, :1]),
    ],
)
def test_arrays_that_do_not_match(wrong: FaultAnswers) -> None:
    with pytest.raises(ValueError, match="shape"):
        prove_faults(wrong)


class FaultScorer(FakeScorer):
    """Answers too dark by darkness, too bright by brightness, and a fault that nobody can put in."""

    labels: tuple[str, ...] = ("overexposure", "lens_flare", "underexposure")

    def __init__(self, photograph: float | None = None) -> None:
        super().__init__(brightness)
        self.contract.faults = self.labels
        self.photograph = photograph

    def assess(self, photo: Any) -> Any:
        score = self.score(photo)
        faults = {"overexposure": score, "lens_flare": 1.0, "underexposure": 1 - score}
        return SimpleNamespace(score=score, faults=worst_first(faults), photograph=self.photograph)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A photograph of 160x136 pixels, and one of 60x40, which is smaller than what the model sees."""
    with Image.open(shipped_photographs()[0]) as image:
        image.convert("RGB").crop((150, 50, 310, 186)).save(tmp_path / "large.png")
        image.convert("RGB").crop((150, 50, 210, 90)).save(tmp_path / "small.png")
    return tmp_path


def test_which_pictures_the_model_is_asked_about(album: Path) -> None:
    scorer = FaultScorer()
    asked = ask_about_faults(scorer, [album / "large.png"])
    assert asked.faults == ("overexposure", "underexposure")
    assert asked.not_put_in == ("lens_flare",)
    assert asked.not_answered == tuple(name for name in FAULTS if not name.endswith("exposure"))
    photo = np.asarray(read_photo(album / "large.png"))
    expected = [photo]
    expected += [
        FAULTS[name].put_into(photo, step, 0, 1) for name in asked.faults for step in range(1, 1 + STEPS)
    ]
    for seen, picture in zip(scorer.asked, expected, strict=True):
        np.testing.assert_array_equal(seen, picture)
    (answered,) = asked.photos
    assert (answered.photo, answered.size) == (str(album / "large.png"), (136, 160))
    assert answered.scale == pytest.approx(math.sqrt(136 * 160 / (48 * 64)))
    light = np.array([FakeScorer(brightness).score(picture) for picture in expected])
    assert answered.scores[0] == pytest.approx(light[:6])
    assert answered.scores[1] == pytest.approx([light[0], *light[6:]])
    assert answered.severities[1, 3] == pytest.approx([light[8], 1 - light[8]])
    assert answered.severities[:, :, 0] == pytest.approx(answered.scores)
    assert answered.photographs is None


def test_faults_are_as_much_larger_as_the_photo_is_shrunk(
    album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, float, int, float]] = []

    def recording(fault: Fault, pixels: np.ndarray, step: float, seed: int = 0, scale: float = 1) -> Any:
        calls.append((fault.name, step, seed, scale))
        return pixels

    monkeypatch.setattr(Fault, "put_into", recording)
    asked = ask_about_faults(FaultScorer(), [album / "large.png", album / "small.png"])
    large, small = asked.photos
    assert large.scale == pytest.approx(2.661, abs=0.001)
    assert small.scale == 1
    assert large.seed == crc32(b"large.png") != small.seed
    names = [(name, step) for name in asked.faults for step in range(1, 1 + STEPS)]
    assert calls == [(*name, answered.seed, answered.scale) for answered in asked.photos for name in names]


def test_the_scale_is_that_of_the_setting(free: Path) -> None:
    assert shrunk_by(Scorer(free, threads=1), 128, 128) == 2
    assert shrunk_by(Scorer(free, threads=1, resolution="high"), 128, 128) == 1
    assert shrunk_by(Scorer(free, threads=1), 512, 128) == 4


def test_rows_name_what_a_person_reads(album: Path) -> None:
    asked = ask_about_faults(FaultScorer(0.9), [album / "large.png"])
    rows = list(asked.rows())
    assert len(rows) == 1 + 2 * STEPS
    assert list(rows[0]) == [
        "path", "scale", "fault", "step", "strength", "score", "photograph", "named",
        "fault_overexposure", "fault_underexposure", "error",
    ]  # fmt: skip
    assert [(row["fault"], row["step"]) for row in rows] == [
        ("none", 0),
        *((name, step) for name in asked.faults for step in range(1, 1 + STEPS)),
    ]
    assert [row["strength"] for row in rows[:3]] == [None, 0.8, 1.5]
    (answered,) = asked.photos
    for row, score in zip(rows, [*answered.scores[0], *answered.scores[1, 1:]], strict=True):
        assert row["score"] == row["fault_overexposure"] == score
        worst = "overexposure" if score > 0.5 else "underexposure"
        assert row["named"] == ("" if score > EXPLAINED_UP_TO else worst)
        assert (row["photograph"], row["error"]) == (0.9, None)
    drawn = ask_about_faults(FaultScorer(0.1), [album / "large.png"])
    assert {row["named"] for row in drawn.rows()} == {""}
    assert drawn.answers.photographs == pytest.approx(np.full((1, 2, 6), 0.1))


def test_photos_that_fail_are_listed_and_the_rest_counts(album: Path) -> None:
    (album / "bad.jpg").write_bytes(b"no photo")
    given = [album / "bad.jpg", album / "large.png", album / "none.jpg"]
    asked = ask_about_faults(FaultScorer(), given, unread={"empty": "no photos in this folder"})
    assert [answered.photo for answered in asked.photos] == [str(album / "large.png")]
    assert list(asked.errors) == ["empty", str(album / "bad.jpg"), str(album / "none.jpg")]
    assert asked.errors[str(album / "none.jpg")] == "no such file"
    rows = list(asked.rows())
    assert [row["error"] for row in rows[-3:]] == list(asked.errors.values())
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert {rows[-1][key] for key in rows[0] if key not in {"path", "error"}} == {None}
    values = asked.to_dict()
    assert (values["failed"], len(values["pictures"])) == (3, 1 + 2 * STEPS)
    assert values["errors"][0] == {"path": "empty", "error": "no photos in this folder"}
    assert values["strengths"]["overexposure"] == {"unit": "stops", "strengths": [0.8, 1.5, 2.2, 2.9, 3.6]}


def test_a_model_that_misbehaves_fails_for_that_photo_alone(album: Path) -> None:
    class Odd(FaultScorer):
        def assess(self, photo: Any) -> Any:
            if len(photo) == 40:
                raise ContractMismatch("the model answered nan")
            return super().assess(photo)

    asked = ask_about_faults(Odd(), [album / "small.png", album / "large.png"])
    assert asked.errors == {str(album / "small.png"): "the model answered nan"}
    assert len(asked.photos) == 1


def test_not_a_single_photo(tmp_path: Path) -> None:
    with pytest.raises(NothingScored, match=r"none\.jpg"):
        ask_about_faults(FaultScorer(), [tmp_path / "none.jpg"])
    with pytest.raises(PhotosMissing):
        ask_about_faults(FaultScorer(), [])


@pytest.mark.parametrize(
    ("labels", "lacks"), [((), "'faults'"), (("lens_flare", "moire"), "lens_flare, moire")]
)
def test_a_model_without_these_faults(labels: tuple[str, ...], lacks: str, album: Path) -> None:
    scorer = FaultScorer()
    scorer.contract.faults = labels
    with pytest.raises(FaultsUnanswered, match=lacks):
        ask_about_faults(scorer, [album / "large.png"])
    assert scorer.asked == []


def made(*, model: str = "made", names: tuple[str, ...] = PAIR, photos: FaultAnswers = TWO) -> AskedFaults:
    """Answers as if the model had been asked about photos."""
    of_photos = [
        AnsweredPhoto(f"{number}.jpg", (40, 60), 1.0, 0, severities, scores, None)
        for number, (severities, scores) in enumerate(zip(photos.severities, photos.scores, strict=True))
    ]
    return AskedFaults(model, "48 x 64", names, ("lens_flare",), ("defocus",), of_photos, {})


def test_as_a_table() -> None:
    asked = made()
    text = write_fault_table(asked, prove_faults(asked.answers, resamples=10))
    lines = text.splitlines()
    assert "2 photos" in lines[0]
    assert "48 x 64" in lines[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    noise, named, moved = [row for row in rows if row[0] == "noise"]
    assert noise[:7] == ["noise", "0.625", "0.625", "1.000", "1.000", "1.000", "70.0%"]
    assert noise[8:] == ["0.250", "0.450", "5.6", "banding"]
    assert named == ["noise", "0%", "0%", "50%", "100%", "100%", "100%", "50%", "100%", "100%", "100%", "0%"]
    assert moved == ["noise", "0.250", "-0.045"]
    banding, _, rests = [row for row in rows if row[0] == "banding"]
    assert banding[-2:] == ["no limit", ""]
    assert rests == ["banding", "0.000", "0.420"]
    rising, ratio, alarms, *left_out = lines[-5:]
    assert rising.endswith("85.0% of all steps; below 95%: noise (70.0%)")
    assert ratio.endswith("below 5: none")
    assert "0.0% of the faultless photos" in alarms
    assert [line.rpartition(" ")[2] for line in left_out] == ["lens_flare", "defocus"]


def test_a_table_names_the_exceptions() -> None:
    photos = answers(photo([0.5, *NOISE_A[1:]], BANDING_A, -0.03125))
    asked = made(photos=photos)
    text = write_fault_table(asked, prove_faults(photos, resamples=10))
    assert "below 5: noise (-1.1, moved by banding)" in text
    assert "have a severity of 0.5 or more" in text
    assert "100.0% of the faultless photos" in text
    rests = answers(photo([0.5, *[0.25] * 5], BANDING_A))
    text = write_fault_table(made(photos=rests), prove_faults(rests, resamples=10))
    assert "below 5: noise (-no limit)" in text


@pytest.mark.parametrize("suffix", [".PNG", ".svg"])
def test_a_plot_is_drawn_and_drawn_the_same_again(tmp_path: Path, suffix: str) -> None:
    asked = made(model=r"$\frac{$")
    proof = prove_faults(asked.answers, resamples=10)
    files = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for file in files:
        plot_faults(asked, proof, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    if suffix == ".svg":
        assert ElementTree.parse(files[0]).getroot().tag.endswith("svg")  # noqa: S314 - our own file
        return
    with Image.open(files[0]) as image:
        width, height = image.size
        colours = {colour for _, colour in image.convert("RGB").getcolors(width * height) or []}
    assert width / height == pytest.approx(16 / 9, abs=0.01)
    for expected in (plots.MEAN, fault_plot.OTHER):
        assert tuple(bytes.fromhex(expected[1:])) in colours


def test_plots_that_cannot_be_drawn(tmp_path: Path) -> None:
    asked = made()
    with pytest.raises(PlotUnavailable, match=r"\.png or \.svg"):
        plot_faults(asked, prove_faults(asked.answers, resamples=10), tmp_path / "a.pdf")


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose faults are its photo's brightness, times a factor for each."""
    faults = {"overexposure": 1.0, "lens_flare": 0.5, "noise": 0.25}
    return artifacts.save(tmp_path_factory.mktemp("free"), artifacts.free_model(faults=faults))


@pytest.fixture
def prove(run: Run) -> Run:
    """The command's mode ``--faults``, with few resamples."""
    return partial(run, "evaluate", "--faults", "--resamples", 10, "--threads", 1)


def test_the_command(prove: Run, free: Path, album: Path) -> None:
    outputs = ("--plot", album / "f.svg", "--scores", album / "f.csv")
    given = (album / "small.png", "--photos", album / "large.png")
    result = prove(free, *given, *outputs)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("tiny on photos with faults\n\n2 photos, ")
    assert "| overexposure " in result.out
    assert "answered, cannot be put in: lens_flare" in result.out
    assert "not answered: defocus, motion_blur, compression, " in result.out
    assert (album / "f.svg").read_text(encoding="utf-8").startswith("<?xml")
    with (album / "f.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (1 + 2 * STEPS)
    assert [Path(row["path"]).name for row in (rows[0], rows[-1])] == ["small.png", "large.png"]
    assert float(rows[0]["fault_noise"]) == pytest.approx(float(rows[0]["fault_overexposure"]) / 4)

    values = json.loads(prove(free, *given, "--json").out)
    assert (values["schema"], values["model"]["resolution"], values["photos"]) == (1, "fast", 2)
    assert values["faults"]["overexposure"]["rising"] == {"value": 1, "low": 1, "high": 1}
    light = [float(row["fault_overexposure"]) for row in rows]
    curves = np.array(light).reshape(2, 11)[:, :6]
    assert values["faults"]["overexposure"]["severities"] == pytest.approx(curves.mean(axis=0))
    movement = (curves[:, 1:] - curves[:, :1]).mean()
    assert values["movements"]["overexposure"]["overexposure"] == pytest.approx(movement)
    assert values["movements"]["noise"]["overexposure"] == pytest.approx(movement / 4)
    assert values["severities"]["overexposure"]["noise"] == pytest.approx(curves.mean(axis=0) / 4)
    assert values["ratio_exceptions"] == {"noise": "overexposure"}
    assert values["not_put_in"] == ["lens_flare"]
    assert len(values["pictures"]) == 22
    assert values["pictures"][0]["path"] == str(album / "small.png")


def test_the_command_without_photos(prove: Run, free: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rocket = [path for path in shipped_photographs() if path.name == "rocket.jpg"]
    monkeypatch.setattr(cli, "shipped_photographs", lambda: rocket)
    result = prove(free)
    assert (result.code, result.err) == (0, "")
    assert "1 photo, " in result.out


def test_the_command_with_photos_that_fail(prove: Run, free: Path, album: Path) -> None:
    (album / "empty").mkdir()
    scores = album / "f.csv"
    result = prove(free, album / "small.png", "none.jpg", "--photos", album / "empty", "--scores", scores)
    assert result.code == 1
    assert "1 photo, " in result.out
    assert "none.jpg" in result.err
    assert "empty" in result.err
    with scores.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["error"] != "" for row in rows] == [False] * 11 + [True] * 2
    nothing = prove(free, "none.jpg")
    assert (nothing.code, nothing.out) == (1, "")
    assert "none.jpg" in nothing.err


def test_the_command_with_a_model_that_answers_no_faults(
    prove: Run, tiny_artifact: Path, album: Path, tmp_path: Path
) -> None:
    result = prove(tiny_artifact, album / "small.png")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("mobileiqa: tiny does not answer faults")
    other = artifacts.save(tmp_path / "other", artifacts.free_model(faults={"moire": 0.5}))
    result = prove(other, album / "small.png")
    assert (result.code, result.out) == (1, "")
    assert "moire" in result.err


def test_a_plot_that_cannot_be_written_costs_nothing_else(
    prove: Run, free: Path, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PlotUnavailable("disk full")

    monkeypatch.setattr(fault_plot, "plot_faults", fail)
    result = prove(free, album / "small.png", "--plot", album / "f.png")
    assert (result.code, result.err) == (0, "warning: disk full\n")
    assert "| overexposure " in result.out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--ladders"], "exactly one of --csv, --dataset, --ladders and --faults"),
        (["--full-size"], "--full-size goes with --ladders"),
        (["--images", "."], "--images goes with --csv"),
        (["--thresholds"], "--thresholds goes with --csv and --dataset"),
        (["--pairs"], "--pairs goes with --csv and --dataset"),
        (["--plot", "f.pdf"], "does not end in .png or .svg"),
    ],
)
def test_wrong_usage(prove: Run, options: list[str], why: str) -> None:
    result = prove(*options)
    assert (result.code, result.out) == (2, "")
    assert why in " ".join(result.err.split())
