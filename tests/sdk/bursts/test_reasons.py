"""Why a photo lost, and what decides which one wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mobileiqa_sdk import Assessment, Seconds
from mobileiqa_sdk.bursts.measures import Measures
from mobileiqa_sdk.bursts.preference import FAULT, PIXELS, SHARPNESS, preferences
from mobileiqa_sdk.bursts.reasons import Evidence, reasons_for

ALIKE = Measures(sharpness=0.1, highlights=0.01, shadows=0.01, brightness=0.5)


def evidence(score: float = 0.7, pixels: int = 10_000, faults: Any = None, **measures: float) -> Evidence:
    assessment = Assessment("a.jpg", score, "tiny", (48, 64), Seconds(0, 0, 0), faults=faults or {})
    return Evidence(assessment, None, pixels, ALIKE._replace(**measures))


def texts(photo: Evidence, best: Evidence) -> list[str]:
    return [reason.text for reason in reasons_for(photo, best)]


def test_as_good_as_the_best() -> None:
    assert reasons_for(evidence(0.69), evidence(0.7)) == ()


@pytest.mark.parametrize(
    ("measures", "text"),
    [
        ({"sharpness": 0.06}, "less sharp"),
        ({"highlights": 0.04}, "more clipped highlights"),
        ({"shadows": 0.04}, "more clipped shadows"),
        ({"brightness": 0.4}, "darker"),
        ({"brightness": 0.6}, "brighter"),
    ],
)
def test_measured_differences(measures: dict[str, float], text: str) -> None:
    (reason,) = reasons_for(evidence(0.5, **measures), evidence())
    ((name, value),) = measures.items()
    assert reason == (text, "measured", value, getattr(ALIKE, name))
    assert reason.to_dict() == {
        "text": text, "source": "measured", "value": value, "best": getattr(ALIKE, name),
    }  # fmt: skip


@pytest.mark.parametrize(
    "measures",
    [{"sharpness": 0.08}, {"sharpness": 0.2}, {"highlights": 0.0}, {"shadows": 0.02}, {"brightness": 0.45}],
)
def test_small_differences_and_better_ones_are_none(measures: dict[str, float]) -> None:
    assert texts(evidence(**measures), evidence()) == []


def test_the_faults_that_the_model_names_come_instead() -> None:
    best = evidence(faults={"noise": 0.1, "blur": 0.2, "glare": 0.0})
    photo = evidence(0.5, faults={"noise": 0.3, "blur": 0.6, "glare": 0.05}, sharpness=0.01)
    assert texts(photo, best) == ["blur", "noisier"]
    assert reasons_for(photo, best)[0] == ("blur", "model", 0.6, 0.2)


@pytest.mark.parametrize(
    ("severity", "best_severity", "text"),
    [
        (0.5, 0.25, "too dark"),
        (0.4375, 0.25, "darker"),
        (0.75, 0.5, "darker"),
        (0.75, 0.4375, "too dark"),
    ],
)
def test_a_fault_that_both_have_or_neither_has_is_compared(
    severity: float, best_severity: float, text: str
) -> None:
    photo, best = ({"underexposure": value} for value in (severity, best_severity))
    assert texts(evidence(0.5, faults=photo), evidence(faults=best)) == [text]


def test_no_photo_is_darker_and_brighter() -> None:
    dark = {"underexposure": 0.75, "overexposure": 0.25, "noise": 0.25}
    assert texts(evidence(0.5, faults=dark), evidence()) == ["too dark", "noisier"]
    bright = {"underexposure": 0.25, "overexposure": 0.375}
    assert texts(evidence(0.5, faults=bright), evidence()) == ["brighter"]


def test_measures_where_no_fault_is_worse() -> None:
    faults = {"blur": 0.2}
    assert texts(evidence(faults=faults, sharpness=0.01), evidence(faults=faults)) == ["less sharp"]


def test_fewer_pixels() -> None:
    (reason,) = reasons_for(evidence(pixels=7_000), evidence(pixels=10_000))
    assert reason == ("fewer pixels", "file", 7_000, 10_000)
    assert texts(evidence(pixels=9_000), evidence(pixels=10_000)) == []


def test_the_score_alone() -> None:
    assert reasons_for(evidence(0.6), evidence(0.7)) == (("lower score", "score", 0.6, 0.7),)


def test_faults_that_another_photo_has_less_of_cost() -> None:
    burst = [
        evidence(0.7, faults={"noise": 0.3, "blur": 0.2}),
        evidence(0.72, faults={"noise": 0.1, "blur": 0.9}),
        evidence(0.65, faults={"noise": 0.2, "blur": 0.4}),
    ]
    assert preferences(burst) == pytest.approx([0.7 - 0.2 * FAULT, 0.72 - 0.7 * FAULT, 0.65 - 0.3 * FAULT])
    assert preferences([evidence(0.6), evidence(0.5, faults={"blur": 0.8})]) == pytest.approx(
        [0.6, 0.5 - 0.8 * FAULT]
    )
    drawing = evidence(0.5, faults={"blur": 0.8})
    drawing = drawing._replace(assessment=replace(drawing.assessment, photograph=0.25))
    assert preferences([evidence(0.6), drawing]) == [0.6, 0.5]


def test_the_score_decides_between_photos_that_measure_the_same() -> None:
    assert preferences([evidence(0.6), evidence(0.7)]) == [0.6, 0.7]


def test_half_the_sharpness_or_the_pixels_cost_their_weights() -> None:
    burst = [evidence(), evidence(sharpness=0.05), evidence(pixels=5_000)]
    assert preferences(burst) == pytest.approx([0.7, 0.7 - SHARPNESS, 0.7 - PIXELS])


@pytest.mark.parametrize(("pixels", "counts"), [(48 * 64 * 1.49, False), (48 * 64 * 1.5, True)])
def test_the_sharpness_counts_where_the_model_saw_less(pixels: float, counts: bool) -> None:
    sharp, soft = preferences([evidence(), evidence(pixels=int(pixels), sharpness=0.05)])
    smaller = preferences([evidence(), evidence(pixels=int(pixels))])[1]
    assert smaller - soft == pytest.approx(SHARPNESS if counts else 0)
    assert sharp == 0.7


def test_what_a_photo_without_any_sharpness_costs_is_bounded() -> None:
    burst = [evidence(), evidence(sharpness=0.0), evidence(sharpness=1e-9)]
    assert preferences(burst) == pytest.approx([0.7, 0.7 - 3 * SHARPNESS, 0.7 - 3 * SHARPNESS])
    assert preferences([evidence(sharpness=0.0)] * 2) == [0.7, 0.7]
