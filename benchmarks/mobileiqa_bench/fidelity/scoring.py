"""Scores the verification images, by the reference network or by an artifact on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from mobileiqa_sdk import library, runtimes
from mobileiqa_sdk._noise import native_stderr_off
from mobileiqa_sdk.errors import OpinionsInvalid
from mobileiqa_sdk.parallel import default_threads
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.runtimes.runtime import Runtime

from ..photographs import Pixels

Values = Mapping[str, float]
"""Every answer for a photo, named as in :attr:`mobileiqa_sdk.runtimes.runtime.Prediction.values`."""
_LONG_SECONDS = 10.0
"""A run expected to take longer than this announces its estimate."""


@dataclass(frozen=True)
class ImageScore:
    """Scores of one image.

    Attributes:
        image: its name.
        reference: the reference's score in [0, 1].
        artifact: the artifact's score in [0, 1]; None where it answered NaN, infinity or out of range.
    """

    image: str
    reference: float
    artifact: float | None

    @property
    def difference(self) -> float | None:
        """|artifact - reference|; None without an answer."""
        return None if self.artifact is None else abs(self.artifact - self.reference)


def open_artifact(artifact: str | Path, threads: int | None = None) -> Runtime:
    """Opens an artifact by name, folder or file, with a runtime that works on this machine.

    What native code prints on stderr meanwhile is discarded.

    Raises:
        ModelError: as :class:`mobileiqa_sdk.Scorer` does.
    """
    path = library.find(artifact)
    with native_stderr_off():
        return runtimes.load(path, runtimes.for_verification(path), threads or default_threads())


def answer_images(
    answer: Callable[[Pixels], Values],
    images: Sequence[Pixels],
    progress: Progress = SILENT,
    task: str = "scoring",
) -> list[Values | None]:
    """Returns all answers for each image, or None where one of them is NaN, infinite or out of range.

    Args:
        answer: resized pixels, uint8 RGB [H, W, 3] -> answers by name.
        images: resized pixels, one array each.
        progress: receives one step with an estimate when the images take long.
        task: names the step.
    """
    answers: list[Values | None] = []
    started, announced = perf_counter(), False
    for done, pixels in enumerate(images):
        # The first run includes loading and allocating memory, so it predicts nothing.
        if done >= 2 and not announced:
            seconds_left = (perf_counter() - started) / done * (len(images) - done)
            if seconds_left > _LONG_SECONDS:
                progress.step(f"{task}: {len(images)} images, about {seconds_left:.0f} s")
                announced = True
        try:
            answers.append(answer(pixels))
        except OpinionsInvalid:
            answers.append(None)
    return answers
