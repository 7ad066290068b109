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

import numpy as np
import pytest
from PIL import Image

from mobileiqa_bench.errors import PhotosMissing, PlotUnavailable
from mobileiqa_bench.evaluation import cli, fault_plot, plots
from mobileiqa_bench.evaluation.agreement import Interval
from mobileiqa_bench.evaluation.errors import FaultsUnanswered, NothingScored
from mobileiqa_bench.evaluation.fault_answers import AskedFaults, ask_about_faults, shrunk_by
from mobileiqa_bench.evaluation.fault_plot import plot_faults
from mobileiqa_bench.evaluation.fault_proof import (
    RATIO_GOAL,
    RISING_GOAL,
    FaultAnswers,
    auc,
    prove_faults,
)
from mobileiqa_bench.evaluation.fault_table import write_fault_table
from mobileiqa_bench.evaluation.faults import FAULTS, STEPS
from mobileiqa_bench.photographs import shipped_photographs
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.errors import ContractMismatch
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.reason import FAULT_FROM
from mobileiqa_sdk.resample import resize

from ...sdk import artifacts

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
    assert proof.faults["noise"].rising.value == pytest.approx(38 / 40)
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
        ([0.0, 0.375, 0.375, 0.375, 0.375, 0.375], 0.025, RATIO_GOAL, {}),
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
    # Noise falls from 0.1 and 0.3 under banding: equal at the first step of the first photo, almost.
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
