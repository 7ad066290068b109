"""A model's scores beside people's opinions, photo by photo, and their agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.scorer import Scorer

from .agreement import MIN_PHOTOS, Agreement, measure_agreement
from .datasets import RatedPhoto
from .errors import AgreementUndefined


@dataclass(frozen=True)
class Judged:
    """One rated photo and the model's score of it.

    Attributes:
        photo: with its MOS.
        score: of the model, in 0..1; None if ``error`` says why there is none.
        error: reason without the photo's name; None if there is a score.
    """

    photo: RatedPhoto
    score: float | None
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready row."""
        return {
            "path": str(self.photo.path),
            "subset": self.photo.subset,
            "mos": None if self.photo.problem else self.photo.mos,
            "score": self.score,
            "error": self.error,
        }


@dataclass(frozen=True)
class Evaluation:
    """A model's scores of a set of rated photos, and their agreement with the opinions.

    Attributes:
        rows: one per photo, in order.
        overall: agreement over all photos that could be scored.
        subsets: the same within each subset, by name; subsets of fewer than three scored photos are left
            out.
    """

    rows: Sequence[Judged]
    overall: Agreement
    subsets: dict[str, Agreement]

    @property
    def failed(self) -> list[Judged]:
        """The photos that could not be scored, missing ones among them."""
        return [row for row in self.rows if row.error is not None]

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures as JSON-ready values, and the failed photos; other rows are left out."""
        return {
            "photos": len(self.rows),
            "failed": len(self.failed),
            "agreement": self.overall.to_dict(),
            "subsets": {name: part.to_dict() for name, part in self.subsets.items()},
            "errors": [{"path": str(row.photo.path), "error": row.error} for row in self.failed],
        }

    def table(self) -> str:
        """Returns the overall figures and a line for each subset."""
        lines = [self.overall.table()]
        if self.subsets:
            lines.append("")
        for name, part in self.subsets.items():
            lines.append(
                f"{name}: {part.photos} photos, SRCC {part.srcc.value:.4f} "
                f"({part.srcc.low:.4f} to {part.srcc.high:.4f}), PLCC {part.plcc.value:.4f}"
            )
        return "\n".join(lines)


def score_rated(scorer: Scorer, photos: Iterable[RatedPhoto]) -> Iterator[Judged]:
    """Scores photos lazily, one after another, in order.

    A photo that cannot be scored, or for which the model answers NaN or breaks its contract in another way,
    becomes a row with the error. So does one without an opinion.
    """
    for photo in photos:
        if photo.problem:
            yield Judged(photo, None, photo.problem)
            continue
        try:
            yield Judged(photo, scorer.score(photo.path), None)
        except MobileIQAError as error:
            yield Judged(photo, None, getattr(error, "reason", str(error)))


def evaluate(rows: Iterable[Judged], *, resamples: int = 1000, seed: int = 0) -> Evaluation:
    """Compares scores with opinions, over all photos and within subsets.

    Raises:
        AgreementUndefined: fewer than three photos could be scored; the message quotes a reason.

    >>> from pathlib import Path
    >>> photos = [RatedPhoto(Path(f"{n}.jpg"), n / 4) for n in range(4)]
    >>> rows = [Judged(photo, photo.mos / 2, None) for photo in photos]
    >>> round(evaluate(rows, resamples=10).overall.srcc.value, 3)
    1.0
    """
    rows = list(rows)
    scored = [row for row in rows if row.score is not None]
    if len(scored) < MIN_PHOTOS:
        failed = [row for row in rows if row.error is not None]
        reason = f"; {failed[0].photo.path}: {failed[0].error}" if failed else ""
        raise AgreementUndefined(
            f"agreement needs at least {MIN_PHOTOS} rated photos that can be scored; "
            f"{len(scored)} of {len(rows)} could be{reason}"
        )
    return Evaluation(rows, _agreement(scored, resamples, seed), dict(_by_subset(scored, resamples, seed)))


def _by_subset(scored: Sequence[Judged], resamples: int, seed: int) -> Iterator[tuple[str, Agreement]]:
    sizes = Counter(row.photo.subset for row in scored)
    for name in sorted(name for name in sizes if name is not None):
        if sizes[name] >= MIN_PHOTOS:
            part = [row for row in scored if row.photo.subset == name]
            yield name, _agreement(part, resamples, seed)


def _agreement(scored: Sequence[Judged], resamples: int, seed: int) -> Agreement:
    scores = np.array([row.score for row in scored], np.float64)
    mos = np.array([row.photo.mos for row in scored], np.float64)
    return measure_agreement(scores, mos, resamples=resamples, seed=seed)
