"""How far a model's answers about faults can be trusted: figures over photos with every fault at every step.

Arrays in, figures out. *Answer i under fault j* is the severity that the model gives fault i in a photo that
fault j was put into; a good answer moves under its own fault and rests under all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mobileiqa_sdk.reason import FAULT_FROM, faults_to_name

from .agreement import Interval
from .faults import STEPS

Floats = npt.NDArray[np.float64]

RISING_GOAL = 0.95
"""Share of adjacent steps in which the severity of a fault should rise."""
RATIO_GOAL = 5.0
"""An answer should move this many times as far under its own fault as under any other."""


@dataclass(frozen=True)
class FaultAnswers:
    """What a model answered about photos with N faults, each alone, at every step.

    Attributes:
        faults: their names.
        severities: in 0..1, [photos, N, 1 + STEPS, N]: of the photo, the fault that was put in, its step and
            the fault that is answered. Step 0 is the faultless photo, the same under every fault.
        scores: in 0..1, [photos, N, 1 + STEPS].
        photographs: how much each is a photograph, likewise; None for a model that does not say.
    """

    faults: tuple[str, ...]
    severities: Floats
    scores: Floats
    photographs: Floats | None = None

    @property
    def own(self) -> Floats:
        """Severity of the fault that was put in, [photos, N, 1 + STEPS]."""
        own: Floats = np.einsum("pfsf->pfs", self.severities)
        return own

    @property
    def faultless(self) -> Floats:
        """Severities of the faultless photos, [photos, N]."""
        return self.severities[:, 0, 0]


@dataclass(frozen=True)
class FaultFigures:
    """How well a model answers one fault.

    Attributes:
        auc: at each of the five steps, the probability that a photo with the fault has a higher severity
            than a faultless one; equal severities count half. Area under the ROC curve.
        rising: share of adjacent steps, from the faultless photo to step 5, in which the severity rises;
            equal severities are wrong.
        severities: mean over photos at steps 0 to 5.
        movement: severity less that of the same photo without fault, mean over photos and the five steps.
        movement_last: the same at step 5 alone.
        ratio: ``movement`` divided by the largest absolute movement of this answer under any other fault;
            infinite if it rests under all of them, 0 if it rests under its own too.
        moved_by: the other fault that moves this answer most; None if it rests under all of them.
        named: at each of the five steps, the share of photos in which this fault is among those that are
            named to a person (:func:`mobileiqa_sdk.reason.faults_to_name`).
        worst: at each of the five steps, the share of photos in which it is more severe than every other
            fault.
        false_alarms: share of faultless photos with a severity of at least ``FAULT_FROM``.
    """

    auc: tuple[Interval, ...]
    rising: Interval
    severities: tuple[float, ...]
    movement: float
    movement_last: float
    ratio: float
    moved_by: str | None
    named: tuple[float, ...]
    worst: tuple[float, ...]
    false_alarms: float

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values; an infinite ratio is None."""
        return {**asdict(self), "ratio": self.ratio if math.isfinite(self.ratio) else None}


@dataclass(frozen=True)
class FaultProof:
    """How well a model answers N faults.

    Attributes:
        photos: how many.
        faults: figures by the name of the fault.
        rising: as in :class:`FaultFigures`, over all faults.
        false_alarms: share of faultless photos with any severity of at least ``FAULT_FROM``.
        severities: mean over photos, [N, 1 + STEPS, N]: of the fault that was put in, its step and the fault
            that is answered.
        movements: cross-sensitivity, [N, N]: the mean movement of an answer (row) under a fault (column), as
            ``FaultFigures.movement``, which is the diagonal.
    """

    photos: int
    faults: dict[str, FaultFigures]
    rising: Interval
    false_alarms: float
    severities: Floats
    movements: Floats

    @property
    def rising_exceptions(self) -> tuple[str, ...]:
        """The faults whose severity rises in less than `RISING_GOAL` of the steps."""
        return tuple(name for name, figures in self.faults.items() if figures.rising.value < RISING_GOAL)

    @property
    def ratio_exceptions(self) -> dict[str, str | None]:
        """The answers whose ratio is below `RATIO_GOAL`, and the other fault that moves each most."""
        return {name: figures.moved_by for name, figures in self.faults.items() if figures.ratio < RATIO_GOAL}

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values; infinite ratios are None."""
        return {
            "photos": self.photos,
            "rising": asdict(self.rising),
            "rising_goal": RISING_GOAL,
            "rising_exceptions": list(self.rising_exceptions),
            "ratio_goal": RATIO_GOAL,
            "ratio_exceptions": self.ratio_exceptions,
            "fault_from": FAULT_FROM,
            "false_alarms": self.false_alarms,
            "faults": {name: figures.to_dict() for name, figures in self.faults.items()},
            "severities": {
                fault: dict(zip(self.faults, curves.T.tolist(), strict=True))
                for fault, curves in zip(self.faults, self.severities, strict=True)
            },
            "movements": {
                answer: dict(zip(self.faults, row, strict=True))
                for answer, row in zip(self.faults, self.movements.tolist(), strict=True)
            },
        }


def prove_faults(answers: FaultAnswers, *, resamples: int = 1000, seed: int = 0) -> FaultProof:
    """Returns all figures, with percentile bootstrap intervals over photos (Efron 1979).

    A photo is drawn with all its pictures, so that the intervals know that these go together.

    Args:
        answers: about one photo or more.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: no photos, or arrays whose shapes are not those of :class:`FaultAnswers`.
    """
    _check(answers)
    own, photos = answers.own, len(answers.severities)
    counts = _drawn_counts(photos, resamples, seed)
    rises = (np.diff(own, axis=2) > 0).sum(axis=2)  # counts, so that a goal is reached exactly
    severities = answers.severities.mean(axis=0)
    moved = (severities[:, 1:] - severities[:, :1]).transpose(1, 2, 0)  # [STEPS, answers, faults]
    movements = moved.mean(axis=0)
    named, worst = _named(answers), _worst(answers)
    alarms = answers.faultless >= FAULT_FROM
    faults = {}
    for row, name in enumerate(answers.faults):
        ratio, moved_by = _ratio(movements[row], row)
        faults[name] = FaultFigures(
            auc=tuple(_interval(auc(own[:, row, s], own[:, row, 0], counts)) for s in range(1, STEPS + 1)),
            rising=_interval(counts @ rises[:, row] / (photos * STEPS)),
            severities=tuple(severities[row, :, row].tolist()),
            movement=float(movements[row, row]),
            movement_last=float(moved[-1, row, row]),
            ratio=ratio,
            moved_by=None if moved_by is None else answers.faults[moved_by],
            named=tuple(named[:, row, 1:].mean(axis=0).tolist()),
            worst=tuple(worst[:, row, 1:].mean(axis=0).tolist()),
            false_alarms=float(alarms[:, row].mean()),
        )
    return FaultProof(
        photos=photos,
        faults=faults,
        rising=_interval(counts @ rises.sum(axis=1) / (photos * STEPS * len(faults))),
        false_alarms=float(alarms.any(axis=1).mean()),
        severities=severities,
        movements=movements,
    )


def auc(faulty: Floats, faultless: Floats, counts: Floats) -> Floats:
    """Returns the area under the ROC curve in each resample, [resamples]; equal severities count half.

    Args:
        faulty: severities of the photos with the fault, [photos].
        faultless: of the same photos without it, [photos].
        counts: how often each resample has drawn each photo, [resamples, photos].

    >>> auc(np.array([0.5, 0.9]), np.array([0.1, 0.5]), np.ones((1, 2))).tolist()
    [0.875]
    """
    order = np.argsort(faultless)
    ranked = faultless[order]
    below = np.zeros((len(counts), len(ranked) + 1))
    np.cumsum(counts[:, order], axis=1, out=below[:, 1:])
    lower, not_higher = (np.searchsorted(ranked, faulty, side) for side in ("left", "right"))
    wins = (below[:, lower] + below[:, not_higher]) / 2
    areas: Floats = (counts * wins).sum(axis=1) / counts.sum(axis=1) ** 2
    return areas


def named_faults(
    faults: Sequence[str], severities: Sequence[float], score: float, photograph: float | None
) -> tuple[str, ...]:
    """Returns the faults of one picture that are named to a person, the worst first."""
    return faults_to_name(dict(zip(faults, severities, strict=True)), score, photograph)


def _check(answers: FaultAnswers) -> None:
    photos, many = len(answers.severities), len(answers.faults)
    shape = (photos, many, 1 + STEPS)
    same = answers.severities.shape == (*shape, many) and answers.scores.shape == shape
    if not photos or not many or not same:
        raise ValueError(
            f"severities of shape {answers.severities.shape} and scores of shape {answers.scores.shape} "
            f"are not answers about photos with {many} faults at {STEPS} steps"
        )
    if answers.photographs is not None and answers.photographs.shape != shape:
        raise ValueError(f"photographs have the shape {answers.photographs.shape}, not {shape}")


def _drawn_counts(photos: int, resamples: int, seed: int) -> Floats:
    """How often each photo is drawn, [1 + resamples, photos]; the first row is every photo once."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(photos, np.full(photos, 1 / photos), resamples)
    return np.concatenate([np.ones((1, photos)), drawn])


def _interval(drawn: Floats) -> Interval:
    low, high = np.percentile(drawn[1:], (2.5, 97.5))
    return Interval(float(drawn[0]), float(low), float(high))


def _ratio(movements: Floats, own: int) -> tuple[float, int | None]:
    """Returns the ratio of an answer's movements [faults], and the other fault that moves it most."""
    others = np.abs(movements)
    others[own] = 0
    most = int(others.argmax())
    if others[most] > 0:
        return float(movements[own] / others[most]), most
    return (math.copysign(math.inf, movements[own]) if movements[own] else 0.0), None


def _named(answers: FaultAnswers) -> npt.NDArray[np.bool_]:
    """Whether the fault that was put in is named, [photos, N, 1 + STEPS]."""
    named = np.zeros(answers.scores.shape, np.bool_)
    for picture in np.ndindex(named.shape):
        photograph = None if answers.photographs is None else float(answers.photographs[picture])
        severities = answers.severities[picture].tolist()
        names = named_faults(answers.faults, severities, float(answers.scores[picture]), photograph)
        named[picture] = answers.faults[picture[1]] in names
    return named


def _worst(answers: FaultAnswers) -> npt.NDArray[np.bool_]:
    """Whether the fault that was put in is more severe than every other, [photos, N, 1 + STEPS]."""
    own = np.eye(len(answers.faults), dtype=np.bool_)[:, np.newaxis]
    others = np.where(own, -np.inf, answers.severities).max(axis=3)
    worst: npt.NDArray[np.bool_] = answers.own > others
    return worst
