"""One configuration in one fresh process: ``python -m mobileiqa_bench.child JOB``, JOB as JSON.

Started by :mod:`mobileiqa_bench.processes`, which reads the JSON object it prints.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from mobileiqa_sdk._numbers import exceeds
from mobileiqa_sdk._text import one_line
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import Photo
from mobileiqa_sdk.scorer import Seconds

from . import energy, engines, memory, pictures
from .environment import temperature

MIN_RUNS = 3
"""Least number of runs of a job that is given seconds instead of a number of runs."""
RELOADS = 5
"""How often a network is loaded again, once everything else is measured."""
WINDOW_SECONDS = 10.0
"""Length of a window of a sustained run."""


@dataclass(frozen=True)
class ProcessJob:
    """What one process runs, and how often.

    Attributes:
        engine: a key of :func:`mobileiqa_bench.engines.named`.
        path: what it loads.
        runtime: of the SDK; None picks it by the file's suffix.
        threads: for one inference.
        photo: a file; None scores the golden image, for which nothing is decoded.
        warmup: runs after the first that are not counted.
        runs: runs that are counted; None runs for `seconds`, and at least `MIN_RUNS` times.
        seconds: see `runs`.
        counting: wait for a line on stdin, then only count the photos of `seconds`.
        enough_runs: if not None, run until there are this many, or until `seconds` of inference have passed.
        accuracy: also score the pictures of :mod:`mobileiqa_bench.pictures`.
        minutes: of a sustained run after the counted ones; 0 for none.
    """

    engine: str
    path: str
    runtime: str | None
    threads: int
    photo: str | None
    warmup: int
    runs: int | None
    seconds: float
    counting: bool = False
    enough_runs: int | None = None
    accuracy: bool = False
    minutes: float = 0.0

    def to_json(self) -> str:
        """Returns the job as the argument of the process."""
        return json.dumps(asdict(self))


def measure_steady_state(job: ProcessJob) -> dict[str, Any]:
    """Loads, warms up and measures. Returns seconds, bytes, joules and scores as JSON values."""
    photo: Photo = job.photo or golden_image()
    started = perf_counter()
    engine = engines.load(job.engine, Path(job.path), job.threads, job.runtime)
    loaded = perf_counter() - started
    after_load = memory.rss()
    first = _assess(engine, photo)
    for _ in range(job.warmup):
        _assess(engine, photo)
    before, celsius = energy.read(), temperature()
    runs = _counted(engine, photo, job)
    used = energy.joules(before, energy.read())
    contract = engine.contract
    heat = {"celsius_before": celsius, "celsius_after": temperature()}
    # Before the pictures and the further loads, which would count.
    bytes_ = {"peak_rss_bytes": memory.peak_rss(), "private_bytes": memory.private()}
    windows = list(_sustained(engine, photo, 60 * job.minutes))
    scores = [_assess(engine, picture).score for picture in _pictures(job)]
    golden = _golden(engine, contract) if contract else None
    del engine  # or there would be two of them in memory
    return {
        "score": first.score,
        "load": loaded,
        "first": first.seconds.inference,
        "inference": [seconds.inference for seconds in runs],
        # An array is not decoded, so its figure would say nothing about photos.
        "decode": [seconds.decode for seconds in runs] if job.photo else None,
        "resize": [seconds.resize for seconds in runs],
        "reload": [_load_again(job) for _ in range(RELOADS)] if job.engine == "sdk" else None,
        **bytes_,
        "rss_after_load_bytes": after_load,
        "thermal": heat,
        "sustained": windows,
        "accuracy": scores,
        "joules_per_photo": None if used is None else used / len(runs),
        "model": contract.model.name if contract else None,
        "version": contract.model.version if contract else None,
        "weights": contract.precision.weights if contract else None,
        "golden": golden,
        "failures": list(contract.verification.failures) if contract else [],
    }


def count_photos(job: ProcessJob) -> dict[str, Any]:
    """Loads, warms up, waits for a line on stdin, then scores for `seconds` and returns the count."""
    photo: Photo = job.photo or golden_image()
    engine = engines.load(job.engine, Path(job.path), job.threads, job.runtime)
    for _ in range(1 + job.warmup):
        _assess(engine, photo)
    print("ready", flush=True)
    sys.stdin.readline()
    started = perf_counter()
    photos = 0
    for _ in _turns(job):
        _assess(engine, photo)
        photos += 1
    return {"photos": photos, "seconds": perf_counter() - started}


def _assess(engine: engines.Engine, photo: Photo) -> engines.Assessed:
    # An engine of another package may not have checked its answer.
    assessed = engine.assess(photo)
    engines.checked_mean([assessed.score])
    return assessed


def _counted(engine: engines.Engine, photo: Photo, job: ProcessJob) -> list[Seconds]:
    """Returns the seconds of the steps of each counted run."""
    if job.enough_runs is None:
        return [_assess(engine, photo).seconds for _ in _turns(job)]
    runs: list[Seconds] = []
    inferring = 0.0
    while not runs or (len(runs) < job.enough_runs and inferring < job.seconds):
        runs.append(_assess(engine, photo).seconds)
        inferring += runs[-1].inference
    return runs


def _sustained(engine: engines.Engine, photo: Photo, seconds: float) -> Iterator[dict[str, Any]]:
    """Runs without a pause and yields, for each window, what :class:`mobileiqa_bench.schema.Window` has."""
    started = perf_counter()
    while (opened := perf_counter()) - started < seconds:
        values: list[float] = []
        while perf_counter() - opened < min(WINDOW_SECONDS, seconds):
            values.append(_assess(engine, photo).seconds.inference)
        yield {
            "second": perf_counter() - started,
            "median": median(values),
            "p90": float(np.percentile(values, 90)),
            "temperature_c": temperature(),
            "mhz": None,
        }


def _pictures(job: ProcessJob) -> Iterator[Photo]:
    if job.accuracy:
        yield from map(pictures.make_picture, range(pictures.COUNT))


def _load_again(job: ProcessJob) -> float:
    started = perf_counter()
    engines.load(job.engine, Path(job.path), job.threads, job.runtime)
    return perf_counter() - started


def _turns(job: ProcessJob) -> Iterator[int]:
    """Yields once for each run that is counted."""
    if job.runs is not None:
        yield from range(job.runs)
        return
    started, done = perf_counter(), 0
    while done < MIN_RUNS or perf_counter() - started < job.seconds:
        yield done
        done += 1


def _golden(engine: engines.Engine, contract: ModelContract) -> dict[str, Any]:
    golden = contract.golden
    score = _assess(engine, golden_image(golden.height, golden.width)).score
    return {
        "expected": golden.score,
        "found": score,
        "tolerance": golden.tolerance,
        "ok": not exceeds(abs(score - golden.score), golden.tolerance),
    }


def main() -> None:
    """Does the job and prints its result; on a foreseen failure prints the reason, with exit status 1."""
    job = ProcessJob(**json.loads(sys.argv[1]))
    try:
        measured = count_photos(job) if job.counting else measure_steady_state(job)
    except (MobileIQAError, ImportError, MemoryError) as error:
        sys.exit(f"{type(error).__name__}: {one_line(error)}")
    print(json.dumps(measured, allow_nan=False), flush=True)


if __name__ == "__main__":
    main()
