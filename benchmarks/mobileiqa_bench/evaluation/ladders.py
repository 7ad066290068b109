"""Does a model behave? Photographs made worse on purpose, step by step, must score lower step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.photo import MIN_SIDE, read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.scorer import Scorer

from ..errors import PhotosMissing
from ..scenes import Pixels
from .agreement import srcc
from .distortions import DISTORTIONS, jpeg

Mode = Literal["input", "full"]
Floats = npt.NDArray[np.float64]

STEPS = 6
"""Rungs of a ladder: the photo as it is, and the five customary strengths."""
VISIBLE_DROP = 0.02
"""A mean drop of the score by a tenth of a grade: grades (`mobileiqa_sdk.band`) are 0.2 wide. Beyond what
flips and re-encoding do to a score that may be trusted (0.01), so that a defect is what explains it."""
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
        """Of the photo as it is: in both modes, since resizing to the size it has changes nothing."""
        return float(self.scores[0, 0])

    def rows(self) -> Iterator[dict[str, Any]]:
        """A JSON-ready row per score."""
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
    """How a model behaves on a set of photos.

    Attributes:
        model: its name.
        input_size: (height, width) of its input, in pixels.
        mode: ``input``: photos were resized to the model's input first and distorted then, which is
            what the model can see; ``full``: they were distorted at their own size.
        climbs: photo by photo.
        errors: reason, by the path of each photo that could not be read or scored.
    """

    model: str
    input_size: tuple[int, int]
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
        """Share of adjacent steps of which the stronger one scores lower; equal scores are wrong."""
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
        """Mean absolute difference that mirroring makes."""
        return float(np.mean([abs(climb.flipped - climb.original) for climb in self.climbs]))

    @property
    def jpeg_difference(self) -> float:
        """Mean absolute difference that JPEG of quality 98 makes."""
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
        there = np.isfinite(scores)
        originals = np.array([climb.original for climb in self.climbs])
        return srcc(np.array(scores)[there], originals[there]) if there.sum() >= 3 else float("nan")

    def rows(self) -> Iterator[dict[str, Any]]:
        """JSON-ready: path, distortion, step, strength, score, error; one per score or failed photo."""
        for climb in self.climbs:
            yield from climb.rows()
        for photo, error in self.errors.items():
            yield _row(photo, None, None, None, None, error)

    def to_dict(self) -> dict[str, Any]:
        """All figures and scores as JSON-ready values; None where undefined."""
        ordered, visible = self.ordered_by_distortion, self.visible_from
        return {
            "mode": self.mode,
            "photos": len(self.climbs),
            "failed": len(self.errors),
            "ordered": self.ordered,
            "flip_difference": self.flip_difference,
            "jpeg_98_difference": self.jpeg_difference,
            "srcc_half": _known(self.srcc_half),
            "srcc_quarter": _known(self.srcc_quarter),
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
                    "half": _known(climb.half),
                    "quarter": _known(climb.quarter),
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
    lost: Mapping[str, str] | None = None,
) -> Ladders:
    """Score every photo at every step of every distortion, 50 scores a photo.

    Args:
        scorer: any model.
        photos: paths; one that cannot be read or scored becomes an entry of ``errors``.
        mode: see :class:`Ladders`.
        lost: reasons by path of photos that were not even found; they come first among the ``errors``.

    Raises:
        PhotosMissing: not a single photo could be scored.
    """
    climbs: list[Climb] = []
    errors = dict(lost or {})
    for path in map(str, photos):
        try:
            climbs.append(climb_photo(scorer, path, mode))
        except MobileIQAError as error:
            errors[path] = getattr(error, "reason", str(error))
    if not climbs:
        why = "; ".join(f"{photo}: {error}" for photo, error in list(errors.items())[:3])
        raise PhotosMissing(f"no photo to climb ladders with{f': {why}' if why else ''}; give others")
    spec = scorer.contract
    return Ladders(spec.model.name, spec.input.size, mode, climbs, errors)


def climb_photo(scorer: Scorer, path: str, mode: Mode) -> Climb:
    """The scores of one photo. Raises PhotoError, or ContractMismatch where the model misbehaves."""
    photo = read_photo(path)
    spec = scorer.contract.input
    start: Pixels = resize(photo, *spec.size) if mode == "input" else np.asarray(photo)
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


def _known(value: float) -> float | None:
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
        "score": None if score is None else _known(float(score)),
        "error": error,
    }
