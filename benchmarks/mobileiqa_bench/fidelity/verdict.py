"""The verdict on an artifact: its scores beside the reference's, the figures over them, and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..photographs import Skipped
from .drift import Drift, measure_drift
from .gate import Limits, failures, failures_of
from .images import ImageSet
from .scoring import ImageScore, Values


@dataclass(frozen=True)
class Verdict:
    """The result of verifying an artifact.

    Attributes:
        source: where the images come from, in words.
        skipped: photos meant for verification that could not be read.
        scores: reference and artifact, image by image; the golden image is the first.
        drift: figures over them.
        failures: why it cannot be accepted, a sentence each; empty if it passed.
        others: figures over the answers beside the score, by name: ``faults.NAME`` and ``photo``.
    """

    source: str
    skipped: Sequence[Skipped]
    scores: Sequence[ImageScore]
    drift: Drift
    failures: Sequence[str]
    others: Mapping[str, Drift] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def with_failures(self, more: Sequence[str]) -> Verdict:
        """Returns the verdict with further reasons why the artifact cannot be accepted."""
        return replace(self, failures=[*self.failures, *more])

    def to_dict(self) -> dict[str, Any]:
        """Returns the verdict as JSON-ready values."""
        return {
            "passed": self.passed,
            "failures": list(self.failures),
            "drift": _drift(self.drift),
            "others": {name: _drift(drift) for name, drift in self.others.items()},
            "images": self.source,
            "skipped": [asdict(row) for row in self.skipped],
            "scores": [asdict(row) for row in self.scores],
        }


def judge(
    images: ImageSet, reference: Sequence[Values], answers: Sequence[Values | None], limits: Limits
) -> Verdict:
    """Compares an artifact's answers for the images with the reference's. Needs scipy.

    Args:
        images: what was answered.
        reference: the reference's answers, which decide the names that are compared.
        answers: the artifact's; None where one of them is not finite or out of range.
        limits: how far each answer may be from the reference's.
    """
    columns = {name: _column(reference, answers, name) for name in reference[0]}
    rows = [ImageScore(*row) for row in zip(images.names, *columns["score"], strict=True)]
    drifts = {name: measure_drift(*column) for name, column in columns.items()}
    unanswered = next((row.image for row in rows if row.artifact is None), "")
    drift = drifts.pop("score")
    reasons = failures(drift, limits, unanswered)
    for name, other in drifts.items():
        reasons += failures_of(name, other, limits)
    return Verdict(images.source, images.skipped, rows, drift, reasons, drifts)


def _column(
    reference: Sequence[Values], answers: Sequence[Values | None], name: str
) -> tuple[list[float], list[float | None]]:
    expected = [values[name] for values in reference]
    return expected, [None if values is None else values[name] for values in answers]


def _drift(drift: Drift) -> dict[str, Any]:
    return {**asdict(drift), **_shares(drift)}


def _shares(drift: Drift) -> dict[str, Any]:
    return {
        name: {"pairs": flips.pairs, "flipped": flips.flipped, "share": flips.share}
        for name, flips in (
            ("flips", drift.flips),
            ("flips_close", drift.flips_close),
            ("flips_clear", drift.flips_clear),
        )
    }
