"""Any artifact, run on this machine: by its own runtime, or by ours where that cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

from mobileiqa_sdk import library, runtimes
from mobileiqa_sdk.errors import ArtifactInvalid, RuntimeUnavailable
from mobileiqa_sdk.runtimes import Runtime
from mobileiqa_sdk.scorer import default_threads

from .photographs import Pixels

EXECUTORS = {".mlpackage": "mobileiqa_export.verify.coreml"}
"""Where a suffix's own runtime cannot be had: modules with a ``Session(path, threads)`` like a runtime's."""

Say = Callable[[str], None]

_SLOW_SECONDS = 10.0


def open_runner(artifact: str | Path, threads: int | None = None) -> Runtime:
    """Open an artifact by name, folder or file. Raises ModelError as :class:`mobileiqa_sdk.Scorer` does."""
    path = model_file(artifact)
    threads = threads or default_threads()
    ours = EXECUTORS.get(path.suffix)
    try:
        return runtimes.load(path, None, threads)
    except (RuntimeUnavailable, ArtifactInvalid):
        # Core ML itself exists on Macs alone; its executor then judges whether the package is sound.
        if ours is None:
            raise
    session: Runtime = import_module(ours).Session(path, threads)
    return session


def model_file(artifact: str | Path) -> Path:
    """The model file or package of an artifact. Raises ModelError as :func:`mobileiqa_sdk.library.find`."""
    path = Path(artifact)
    packages = [path] if path.suffix in EXECUTORS else sorted(path.glob("*.mlpackage"))
    return packages[0] if len(packages) == 1 else library.find(artifact)


def run_all(
    run: Callable[[Pixels], float], pixels: Sequence[Pixels], say: Say = lambda _: None, what: str = ""
) -> list[float]:
    """A score for each of the pictures; says how long it will take once the first ones are done."""
    scores: list[float] = []
    started, said = perf_counter(), False
    for done, picture in enumerate(pixels):
        passed = perf_counter() - started
        # The first run pays for loading and laying out memory, so it says little about the others.
        if done >= 2 and not said and (left := passed / done * (len(pixels) - done)) > _SLOW_SECONDS:
            say(f"{what or 'scoring'}: {len(pixels)} images, about {left:.0f} s")
            said = True
        scores.append(float(run(picture)))
    return scores
