"""Asks a model about photographs that each fault was put into, step by step."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.scorer import Assessment, Scorer

from ..scenes import Pixels
from .each_photo import asked_each
from .errors import FaultsUnanswered
from .fault_proof import FaultAnswers, Floats, named_faults
from .faults import FAULTS, STEPS
from .ladders import input_text


@dataclass(frozen=True)
class AnsweredPhoto:
    """What a model answered about one photo with each of N faults at every step.

    Attributes:
        photo: its path.
        size: (height, width) of the photo, in pixels.
        scale: factor by which the photo is shrunk before the model sees it, at least 1.
        seed: of the noise and of the direction of motion; from the name of the file, so that photos differ.
        severities: [N, 1 + STEPS, N], see :class:`.fault_proof.FaultAnswers`.
        scores: [N, 1 + STEPS].
        photographs: likewise; None for a model that does not say.
    """

    photo: str
    size: tuple[int, int]
    scale: float
    seed: int
    severities: Floats
    scores: Floats
    photographs: Floats | None

    def rows(self, faults: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yields a JSON-ready row for each picture: the faultless photo, then each fault at steps 1 to 5."""
        yield self._row(faults, None, 0, (0, 0))
        for number, fault in enumerate(faults):
            for step in range(1, STEPS + 1):
                yield self._row(faults, fault, step, (number, step))

    def _row(
        self, faults: Sequence[str], fault: str | None, step: int, picture: tuple[int, int]
    ) -> dict[str, Any]:
        severities, score = self.severities[picture].tolist(), float(self.scores[picture])
        photograph = None if self.photographs is None else float(self.photographs[picture])
        return {
            "path": self.photo,
            "scale": self.scale,
            "fault": fault or "none",
            "step": step,
            "strength": None if fault is None else FAULTS[fault].strength(step),
            "score": score,
            "photograph": photograph,
            "named": " ".join(named_faults(faults, severities, score, photograph)),
            **{f"fault_{name}": severity for name, severity in zip(faults, severities, strict=True)},
            "error": None,
        }


@dataclass(frozen=True)
class AskedFaults:
    """What a model answered about a set of photos with faults.

    Attributes:
        model: its name.
        input_size: of its input, in words.
        faults: those that the model answers and that can be put into photographs, in the model's order.
        not_put_in: faults that the model answers, but for which there is no recipe; they are left out.
        not_answered: faults that can be put in, but that the model does not answer.
        photos: those that could be scored with every fault.
        errors: reason, by the path of each photo that could not be read or scored.
    """

    model: str
    input_size: str
    faults: tuple[str, ...]
    not_put_in: tuple[str, ...]
    not_answered: tuple[str, ...]
    photos: Sequence[AnsweredPhoto]
    errors: dict[str, str]

    @property
    def answers(self) -> FaultAnswers:
        """All answers as arrays over photos."""
        photographs = [photo.photographs for photo in self.photos if photo.photographs is not None]
        return FaultAnswers(
            faults=self.faults,
            severities=np.stack([photo.severities for photo in self.photos]),
            scores=np.stack([photo.scores for photo in self.photos]),
            photographs=np.stack(photographs) if photographs else None,
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields a JSON-ready row for each picture and for each failed photo."""
        empty: dict[str, Any] = {}
        for photo in self.photos:
            for row in photo.rows(self.faults):
                empty = empty or dict.fromkeys(row)
                yield row
        for path, error in self.errors.items():
            yield {**empty, "path": path, "error": error}

    def to_dict(self) -> dict[str, Any]:
        """Returns what was asked and every answer as JSON-ready values."""
        return {
            "failed": len(self.errors),
            "not_put_in": list(self.not_put_in),
            "not_answered": list(self.not_answered),
            "strengths": {
                name: {"unit": FAULTS[name].unit, "strengths": list(FAULTS[name].strengths[1:])}
                for name in self.faults
            },
            "pictures": [row for photo in self.photos for row in photo.rows(self.faults)],
            "errors": [{"path": photo, "error": error} for photo, error in self.errors.items()],
        }


def ask_about_faults(
    scorer: Scorer, photos: Iterable[str | Path], *, unread: Mapping[str, str] | None = None
) -> AskedFaults:
    """Scores every photo without fault and with each fault at every step: 41 pictures for eight faults.

    A fault is put in at the photo's own size, as much larger as the photo is shrunk for the model.

    Args:
        scorer: a model with an output ``faults``.
        photos: paths; one that cannot be read or scored becomes an entry of ``errors``.
        unread: reasons, by path, for photos that could not be listed; they come first among the ``errors``.

    Raises:
        FaultsUnanswered: the model answers none of the faults that can be put in.
        PhotosMissing: no photos were given.
        NothingScored: none of them could be scored with every fault.
    """
    faults = answered_faults(scorer)
    answered, errors = asked_each(
        photos, lambda path: ask_about_photo(scorer, path, faults), "to put faults into", unread or {}
    )
    labels = scorer.contract.faults
    return AskedFaults(
        model=scorer.contract.model.name,
        input_size=input_text(scorer),
        faults=faults,
        not_put_in=tuple(name for name in labels if name not in FAULTS),
        not_answered=tuple(name for name in FAULTS if name not in labels),
        photos=answered,
        errors=errors,
    )


def answered_faults(scorer: Scorer) -> tuple[str, ...]:
    """Returns the faults that a model answers and that can be put into photographs, in the model's order.

    Raises:
        FaultsUnanswered: there is none.
    """
    name, labels = scorer.contract.model.name, scorer.contract.faults
    if not labels:
        raise FaultsUnanswered(
            f"{name} does not answer faults: its contract has no output with the meaning 'faults'; "
            "name a model that has one"
        )
    faults = tuple(label for label in labels if label in FAULTS)
    if not faults:
        raise FaultsUnanswered(
            f"{name} answers {', '.join(labels)}, and none of them can be put into photographs; "
            f"those that can are {', '.join(FAULTS)}"
        )
    return faults


def ask_about_photo(scorer: Scorer, path: str, faults: Sequence[str]) -> AnsweredPhoto:
    """Returns the answers about one photo.

    Raises:
        PhotoError: the photo cannot be read.
        ContractMismatch: the model answered NaN, infinity or a value out of range, or it failed.
    """
    photo: Pixels = np.asarray(read_photo(path))
    height, width = photo.shape[:2]
    scale, seed = shrunk_by(scorer, height, width), crc32(os.fsencode(Path(path).name))
    faultless = scorer.assess(photo)
    pictures: list[Assessment] = []
    for fault in faults:
        pictures.append(faultless)
        for step in range(1, STEPS + 1):
            pictures.append(scorer.assess(FAULTS[fault].put_into(photo, step, seed, scale)))
    shape = (len(faults), 1 + STEPS)
    severities = np.array([[picture.faults[name] for name in faults] for picture in pictures])
    photographs = [picture.photograph for picture in pictures if picture.photograph is not None]
    return AnsweredPhoto(
        photo=path,
        size=(height, width),
        scale=scale,
        seed=seed,
        severities=severities.reshape(*shape, len(faults)),
        scores=np.array([picture.score for picture in pictures]).reshape(shape),
        photographs=np.array(photographs).reshape(shape) if photographs else None,
    )


def shrunk_by(scorer: Scorer, height: int, width: int) -> float:
    """Returns the factor by which a model's input is smaller than a photo, a side; 1 if it is not smaller."""
    seen_height, seen_width = scorer.input_size(height, width)
    return max(1.0, sqrt(height * width / (seen_height * seen_width)))
