"""Why a photo of a burst is not the best: what the model says of its faults, else what can be measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..reason import FAULT_FROM, words_for
from ..scorer import Assessment
from .measures import Measures

FAULT_STEP = 0.1
"""A fault is a reason if the model puts its severity, 0 to 1, this much above that of the best photo."""
SHARPNESS_RATIO = 0.7
"""A photo is less sharp if its sharpness is below this part of the best photo's."""
CLIPPED_STEP = 0.02
"""Share of the pixels that must be clipped beyond those of the best photo."""
BRIGHTNESS_STEP = 0.08
"""Difference of mean luma, 0 to 1, from which a photo is darker or brighter."""
SCORE_STEP = 0.02
"""A score that is lower by less than this says nothing."""
OPPOSITES = {"underexposure": "overexposure", "overexposure": "underexposure"}
"""A photo cannot be darker and brighter than the best one: the larger difference counts."""
PIXELS_RATIO = 0.8
"""A photo has fewer pixels if it has less than this part of the best photo's."""


class Reason(NamedTuple):
    """One way in which a photo is behind the best of its burst.

    Attributes:
        text: in words, such as ``less sharp`` or ``out of focus``.
        source: ``model`` for a fault that the model names, ``measured`` for a measure of the pixels, ``file``
            for the number of pixels, and ``score`` where the score is all there is.
        value: of this photo: the severity, the measure, the number of pixels or the score.
        best: of the best photo.
    """

    text: str
    source: Literal["model", "measured", "file", "score"]
    value: float
    best: float

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return self._asdict()


class Evidence(NamedTuple):
    """What a photo of a burst is judged by.

    Attributes:
        assessment: the model's.
        taken: when; None if the photo does not say.
        pixels: width times height of the file.
        measures: of its pixels, at the size of the smallest photo of the burst.
    """

    assessment: Assessment
    taken: datetime | None
    pixels: int
    measures: Measures


def reasons_for(photo: Evidence, best: Evidence) -> tuple[Reason, ...]:
    """Returns why a photo is behind the best one of its burst; empty if they are as good as each other.

    The model's faults come first. Of a model that names none, or where none is worse, the measures are taken.
    """
    named = tuple(_faults(photo.assessment, best.assessment)) or tuple(
        _differences(photo.measures, best.measures)
    )
    if photo.pixels < PIXELS_RATIO * best.pixels:
        named += (Reason("fewer pixels", "file", photo.pixels, best.pixels),)
    score, best_score = photo.assessment.score, best.assessment.score
    if not named and score <= best_score - SCORE_STEP:
        return (Reason("lower score", "score", score, best_score),)
    return named


def _faults(photo: Assessment, best: Assessment) -> Iterator[Reason]:
    """Yields the faults that are worse than the best photo's, the largest difference first.

    A fault that the photo has and the best photo does not have is named as in `Assessment.reason`; otherwise
    the two are compared.
    """
    steps = {name: severity - best.faults.get(name, 0.0) for name, severity in photo.faults.items()}
    worse = sorted((name for name in steps if steps[name] >= FAULT_STEP), key=lambda name: -steps[name])
    for number, name in enumerate(worse):
        if OPPOSITES.get(name) not in worse[:number]:
            severity, best_severity = photo.faults[name], best.faults.get(name, 0.0)
            words = words_for(name)
            text = words.plain if severity >= FAULT_FROM > best_severity else words.compared
            yield Reason(text, "model", severity, best_severity)


def _differences(photo: Measures, best: Measures) -> Iterator[Reason]:
    if photo.sharpness < SHARPNESS_RATIO * best.sharpness:
        yield Reason("less sharp", "measured", photo.sharpness, best.sharpness)
    if photo.highlights > best.highlights + CLIPPED_STEP:
        yield Reason("more clipped highlights", "measured", photo.highlights, best.highlights)
    if photo.shadows > best.shadows + CLIPPED_STEP:
        yield Reason("more clipped shadows", "measured", photo.shadows, best.shadows)
    step = photo.brightness - best.brightness
    if abs(step) > BRIGHTNESS_STEP:
        text = "brighter" if step > 0 else "darker"
        yield Reason(text, "measured", photo.brightness, best.brightness)
