"""Any artifact, run on this machine: by its own runtime, or by ours where that does not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from mobileiqa_sdk import library, runtimes
from mobileiqa_sdk.parallel import default_threads
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.runtimes.runtime import Runtime

from ..scenes import Pixels

_SLOW_SECONDS = 10.0


def open_runner(artifact: str | Path, threads: int | None = None) -> Runtime:
    """Open an artifact by name, folder or file. Raises ModelError as :class:`mobileiqa_sdk.Scorer` does."""
    path = library.find(artifact)
    return runtimes.load(path, runtimes.for_verification(path), threads or default_threads())


def run_all(
    run: Callable[[Pixels], float], pixels: Sequence[Pixels], progress: Progress = SILENT, what: str = ""
) -> list[float]:
    """A score for each of the pictures; says how long it will take once the first ones are done."""
    scores: list[float] = []
    started, said = perf_counter(), False
    for done, picture in enumerate(pixels):
        passed = perf_counter() - started
        # The first run pays for loading and laying out memory, so it says little about the others.
        if done >= 2 and not said and (left := passed / done * (len(pixels) - done)) > _SLOW_SECONDS:
            progress.step(f"{what or 'scoring'}: {len(pixels)} images, about {left:.0f} s")
            said = True
        scores.append(float(run(picture)))
    return scores
