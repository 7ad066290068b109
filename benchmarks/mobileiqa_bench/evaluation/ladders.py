"""Distortion ladders: photographs made worse step by step must score lower step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from mobileiqa_sdk.photo import MIN_SIDE, read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.scorer import Scorer

from ..scenes import Pixels
from .agreement import MIN_PHOTOS, srcc
from .distortions import DISTORTIONS, jpeg
from .each_photo import asked_each

Mode = Literal["input", "full"]
"""Whether photos are distorted at the size of the model's input or at their own."""
Floats = npt.NDArray[np.float64]

STEPS = 6
"""Rungs of a ladder: the photo as it is, and the five customary strengths."""
VISIBLE_DROP = 0.02
"""A mean drop of the score by a tenth of a band (`mobileiqa_sdk.band`), which is 0.2 wide. It exceeds what
flips and re-encoding change in a trustworthy score (0.01), so that only the distortion explains it."""
JPEG_QUALITY = 98


@dataclass(frozen=True)
class Climb:
    """One photo's scores.

    Attributes:
        photo: its path.
        size: (height, width) of the photo, in pixels.
        scores: [distortions, STEPS] in the order of `DISTORTIONS`; column 0 is the photo as it is.
        flipped: mirrored left to right.
        reencoded: through JPEG of quality 98.
        half: at half its width and height; nan where a side would be too short to be scored.
        quarter: at a quarter.
    """

    photo: str
    size: tuple[int, int]
    scores: Floats
    flipped: float
    reencoded: float
    half: float
    quarter: float

    @property
    def original(self) -> float:
        """Score of the undistorted photo in both modes: resizing to the same size changes nothing."""
        return float(self.scores[0, 0])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields a JSON-ready row for each score."""
        yield _row(self.photo, "none", 0, None, self.original)
        for ladder, distortion in zip(self.scores, DISTORTIONS.values(), strict=True):
            for step, strength in enumerate(distortion.steps, 1):
                yield _row(self.photo, distortion.name, step, strength, ladder[step])
        yield _row(self.photo, "horizontal flip", None, None, self.flipped)
        yield _row(self.photo, "JPEG once more", None, JPEG_QUALITY, self.reencoded)
        yield _row(self.photo, "half resolution", None, 2, self.half)
        yield _row(self.photo, "quarter resolution", None, 4, self.quarter)


@dataclass(frozen=True)
class Ladders:
    """A model's scores on the ladders of a set of photos, and figures over them.

    Attributes:
        model: its name.
        input_size: of its input, in words: ``512 x 512`` (height x width), or a budget of pixels.
        mode: ``input`` if photos were first resized to the model's input and then distorted, so that the
            model sees the full strength; ``full`` if they were distorted at their own size.
        climbs: photo by photo.
        errors: reason, by the path of each photo that could not be read or scored.
    """

    model: str
    input_size: str
    mode: Mode
    climbs: Sequence[Climb]
    errors: dict[str, str]

    @property
    def scores(self) -> Floats:
        """[photos, distortions, STEPS]."""
        return np.stack([climb.scores for climb in self.climbs])

    @property
    def mean(self) -> dict[str, Floats]:
        """Mean score over photos at every step [STEPS], by distortion."""
        return dict(zip(DISTORTIONS, self.scores.mean(axis=0), strict=True))

    @property
    def ordered(self) -> float:
        """Share of adjacent pairs of steps in which the stronger one scores lower; equal scores are wrong."""
        return float((np.diff(self.scores, axis=2) < 0).mean())

    @property
    def ordered_by_distortion(self) -> dict[str, float]:
        """The same share within each distortion."""
        shares = (np.diff(self.scores, axis=2) < 0).mean(axis=(0, 2))
        return dict(zip(DISTORTIONS, map(float, shares), strict=True))

    @property
    def visible_from(self) -> dict[str, int | None]:
        """First step (1..5) at which the mean score is more than `VISIBLE_DROP` below step 0's, or None."""
        return {name: _first(mean[0] - mean[1:] > VISIBLE_DROP) for name, mean in self.mean.items()}

    @property
    def flip_difference(self) -> float:
        """Mean absolute change of the score by mirroring."""
        return float(np.mean([abs(climb.flipped - climb.original) for climb in self.climbs]))

    @property
    def jpeg_difference(self) -> float:
        """Mean absolute change of the score by JPEG compression of quality 98."""
        return float(np.mean([abs(climb.reencoded - climb.original) for climb in self.climbs]))

    @property
    def srcc_half(self) -> float:
        """SRCC of the scores at half resolution with those of the originals; nan below three photos."""
        return self._srcc([climb.half for climb in self.climbs])

    @property
    def srcc_quarter(self) -> float:
        """The same at a quarter."""
        return self._srcc([climb.quarter for climb in self.climbs])

    def _srcc(self, scores: Sequence[float]) -> float:
        defined = np.isfinite(scores)
        if defined.sum() < MIN_PHOTOS:
            return float("nan")
        originals = np.array([climb.original for climb in self.climbs])
        return srcc(np.array(scores)[defined], originals[defined])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields a JSON-ready row for each score and for each failed photo."""
        for climb in self.climbs:
            yield from climb.rows()
        for photo, error in self.errors.items():
            yield _row(photo, None, None, None, None, error)

    def to_dict(self) -> dict[str, Any]:
        """Returns all figures and scores as JSON-ready values; undefined figures are None."""
        ordered, visible = self.ordered_by_distortion, self.visible_from
        return {
            "mode": self.mode,
            "photos": len(self.climbs),
            "failed": len(self.errors),
            "ordered": self.ordered,
            "flip_difference": self.flip_difference,
            "jpeg_98_difference": self.jpeg_difference,
            "srcc_half": _finite_or_none(self.srcc_half),
            "srcc_quarter": _finite_or_none(self.srcc_quarter),
            "visible_drop": VISIBLE_DROP,
            "distortions": {
                name: {
                    "unit": DISTORTIONS[name].unit,
                    "strengths": list(DISTORTIONS[name].steps),
                    "mean_scores": mean.tolist(),
                    "ordered": ordered[name],
                    "visible_from": visible[name],
                }
                for name, mean in self.mean.items()
            },
            "climbs": [
                {
                    "path": climb.photo,
                    "size": list(climb.size),
                    "scores": dict(zip(DISTORTIONS, climb.scores.tolist(), strict=True)),
                    "original": climb.original,
                    "flipped": climb.flipped,
                    "jpeg_98": climb.reencoded,
                    "half": _finite_or_none(climb.half),
                    "quarter": _finite_or_none(climb.quarter),
                }
                for climb in self.climbs
            ],
            "errors": [{"path": photo, "error": error} for photo, error in self.errors.items()],
        }


def climb_ladders(
    scorer: Scorer,
    photos: Iterable[str | Path],
    *,
    mode: Mode = "input",
    unread: Mapping[str, str] | None = None,
) -> Ladders:
    """Scores every photo at every step of every distortion: 50 scores for each photo.

    Args:
        scorer: any model.
        photos: paths; one that cannot be read or scored becomes an entry of ``errors``.
        mode: see :class:`Ladders`.
        unread: reasons, by path, for photos that could not be listed; they come first among the ``errors``.

    Raises:
        PhotosMissing: no photos were given.
        NothingScored: none of them could be scored at every step.
    """
    climbs, errors = asked_each(
        photos, lambda path: climb_photo(scorer, path, mode), "for the ladders", unread or {}
    )
    spec = scorer.contract
    return Ladders(spec.model.name, input_text(scorer), mode, climbs, errors)


def input_text(scorer: Scorer) -> str:
    """Returns the size of a scorer's input in words, with the setting in use."""
    spec = scorer.contract.input
    budgets = {setting.name: setting.max_pixels for setting in spec.settings}
    if scorer.resolution is None:
        return spec.text
    return f"at most {budgets[scorer.resolution]:,} pixels ({scorer.resolution})"


def climb_photo(scorer: Scorer, path: str, mode: Mode) -> Climb:
    """Returns the scores of one photo.

    Raises:
        PhotoError: the photo cannot be read.
        ContractMismatch: the model answered NaN, infinity or a value out of range, or it failed.
    """
    photo = read_photo(path)
    size = scorer.input_size(photo.height, photo.width)
    start: Pixels = resize(photo, *size) if mode == "input" else np.asarray(photo)
    scores = np.empty((len(DISTORTIONS), STEPS))
    scores[:, 0] = scorer.score(start)
    for ladder, distortion in zip(scores, DISTORTIONS.values(), strict=True):
        for step, strength in enumerate(distortion.steps, 1):
            ladder[step] = scorer.score(distortion.apply(start, strength, 0))
    return Climb(
        photo=path,
        size=(photo.height, photo.width),
        scores=scores,
        flipped=scorer.score(start[:, ::-1]),
        reencoded=scorer.score(jpeg(start, JPEG_QUALITY)),
        half=_shrunk_score(scorer, photo, 2),
        quarter=_shrunk_score(scorer, photo, 4),
    )


def _shrunk_score(scorer: Scorer, photo: Image.Image, factor: int) -> float:
    height, width = photo.height // factor, photo.width // factor
    if min(height, width) < MIN_SIDE:
        return float("nan")
    shrunk: Pixels = resize(photo, height, width)
    return scorer.score(shrunk)


def _first(steps: npt.NDArray[np.bool_]) -> int | None:
    return int(steps.argmax()) + 1 if steps.any() else None


def _finite_or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _row(
    path: str,
    distortion: str | None,
    step: int | None,
    strength: float | None,
    score: float | None,
    error: str | None = None,
) -> dict[str, Any]:
    return {
        "path": path,
        "distortion": distortion,
        "step": step,
        "strength": strength,
        "score": None if score is None else _finite_or_none(float(score)),
        "error": error,
    }
