"""What a person reads of the faults of a photo: the faults to name, their words, and what to do about them.

Every port copies these words and rules; ``tests/vectors/reasons.json`` holds the ports to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

FAULT_FROM = 0.5
"""Severity from which a fault is named."""
EXPLAINED_UP_TO = 0.8
"""Highest score of a photo whose faults are named: the reasons of better photos would mislead."""
PHOTOGRAPH_FROM = 0.5
"""The value of a model's output ``photo`` from which the picture counts as a photograph."""
NOT_A_PHOTO = "not a photo"
"""Stands where the reason would, for a picture that is not a photograph."""
MOST_NAMED = 2
"""Faults that are named at most, the worst ones."""

Advice = Literal["tap_to_focus", "hold_still", "more_light", "less_light", "wipe_lens", "use_original"]
"""What a person can do for a better photo; an app has the text in the person's language."""


class FaultWords(NamedTuple):
    """How people speak of a fault.

    Attributes:
        plain: of a photo that has the fault.
        compared: of a photo that has more of it than another one.
        advice: what helps; None if it is not known.
    """

    plain: str
    compared: str
    advice: Advice | None


WORDS: Mapping[str, FaultWords] = {
    "defocus": FaultWords("out of focus", "more out of focus", "tap_to_focus"),
    "motion_blur": FaultWords("blurred by motion", "more blurred by motion", "hold_still"),
    "noise": FaultWords("noisy", "noisier", "more_light"),
    "compression": FaultWords("heavily compressed", "more heavily compressed", "use_original"),
    "underexposure": FaultWords("too dark", "darker", "more_light"),
    "overexposure": FaultWords("too bright", "brighter", "less_light"),
    "low_contrast": FaultWords("low in contrast", "lower in contrast", "wipe_lens"),
    "banding": FaultWords("showing colour bands", "showing more colour bands", "use_original"),
}
"""The words of each fault by its label in contracts."""


def words_for(fault: str) -> FaultWords:
    """Returns the words of a fault; one that is not in `WORDS` is called by its label, without underscores.

    >>> words_for("defocus").plain, words_for("lens_flare").plain
    ('out of focus', 'lens flare')
    """
    label = fault.replace("_", " ")
    return WORDS.get(fault, FaultWords(label, f"more {label}", None))


def worst_first(faults: Mapping[str, float]) -> dict[str, float]:
    """Returns severities by fault in falling order; equal ones keep the model's order."""
    return dict(sorted(faults.items(), key=lambda fault: -fault[1]))


def is_photograph(photograph: float | None) -> bool | None:
    """Returns whether a model's answer means a photograph; None for a model that does not say."""
    return None if photograph is None else photograph >= PHOTOGRAPH_FROM


def faults_to_name(faults: Mapping[str, float], score: float, photograph: float | None) -> tuple[str, ...]:
    """Returns the labels of the faults that explain a score, the worst first; at most `MOST_NAMED`.

    Empty for a picture that is not a photograph, whose faults mean nothing, and for a score above
    `EXPLAINED_UP_TO`.

    Args:
        faults: severities in [0, 1] by label.
        score: of the photo, in [0, 1].
        photograph: how much it is a photograph, in [0, 1]; None for a model that does not say.
    """
    if score > EXPLAINED_UP_TO or is_photograph(photograph) is False:
        return ()
    severe = [fault for fault, severity in worst_first(faults).items() if severity >= FAULT_FROM]
    return tuple(severe[:MOST_NAMED])


def joined_words(faults: Sequence[str]) -> str | None:
    """Returns faults as a fragment of a sentence; None for no faults.

    >>> joined_words(["underexposure", "noise"])
    'too dark and noisy'
    """
    return " and ".join(words_for(fault).plain for fault in faults) or None


def first_advice(faults: Sequence[str]) -> Advice | None:
    """Returns what helps against the first fault for which that is known; None if there is none.

    >>> first_advice(["lens_flare", "motion_blur"])
    'hold_still'
    """
    return next((words.advice for words in map(words_for, faults) if words.advice), None)
