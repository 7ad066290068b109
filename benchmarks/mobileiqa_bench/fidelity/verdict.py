"""The verdict on an artifact: its scores beside the reference's, the figures over them, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..photographs import Skipped
from .drift import Drift, measure_drift
from .gate import Limits, failures
from .images import ImageSet
from .scoring import ImageScore


@dataclass(frozen=True)
class Verdict:
    """The result of verifying an artifact.

    Attributes:
        source: where the images come from, in words.
        skipped: photos meant for verification that could not be read.
        scores: reference and artifact, image by image; the golden image is the first.
        drift: figures over them.
        failures: why it cannot be accepted, a sentence each; empty if it passed.
    """

    source: str
    skipped: Sequence[Skipped]
    scores: Sequence[ImageScore]
    drift: Drift
    failures: Sequence[str]

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
            "drift": {**asdict(self.drift), **_shares(self.drift)},
            "images": self.source,
            "skipped": [asdict(row) for row in self.skipped],
            "scores": [asdict(row) for row in self.scores],
        }


def judge(
    images: ImageSet, reference: Sequence[float], scores: Sequence[float | None], limits: Limits
) -> Verdict:
    """Compares an artifact's scores of the images with the reference's. Needs scipy."""
    rows = [ImageScore(*row) for row in zip(images.names, reference, scores, strict=True)]
    drift = measure_drift(reference, scores)
    unanswered = next((row.image for row in rows if row.artifact is None), "")
    return Verdict(images.source, images.skipped, rows, drift, failures(drift, limits, unanswered))


def _shares(drift: Drift) -> dict[str, Any]:
    return {
        name: {"pairs": flips.pairs, "flipped": flips.flipped, "share": flips.share}
        for name, flips in (
            ("flips", drift.flips),
            ("flips_close", drift.flips_close),
            ("flips_clear", drift.flips_clear),
        )
    }
