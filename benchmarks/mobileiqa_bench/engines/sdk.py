"""The SDK, as its users call it."""

from __future__ import annotations

from pathlib import Path

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.photo import Photo
from mobileiqa_sdk.scorer import Scorer

from . import Assessed


class _Engine:
    def __init__(self, path: Path, threads: int, runtime: str | None) -> None:
        self._scorer = Scorer(path, runtime=runtime, threads=threads)
        self.contract: ModelContract | None = self._scorer.contract

    def assess(self, photo: Photo) -> Assessed:
        assessment = self._scorer.assess(photo)
        return Assessed(assessment.score, assessment.seconds)


def load(path: Path, threads: int, runtime: str | None) -> _Engine:
    """Opens an artifact. Raises ModelError."""
    return _Engine(path, threads, runtime)
