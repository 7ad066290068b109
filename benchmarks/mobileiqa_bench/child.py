"""One configuration in one fresh process: ``python -m mobileiqa_bench.child JOB``, JOB as JSON.

Started by :mod:`mobileiqa_bench.processes`, which reads the one JSON object it prints.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import Photo

from . import energy, engines, memory

FEWEST_RUNS = 3
"""Where a time is asked for and not a number of runs."""


@dataclass(frozen=True)
class Job:
    """What to run, and how often.

    Attributes:
        engine: a key of :data:`mobileiqa_bench.engines.ENGINES`.
        path: what it loads.
        runtime: of the SDK; None picks it by the file's suffix.
        threads: for one inference.
        photo: a file; None scores the golden image, for which nothing is decoded.
        warmup: runs after the first one that are not counted.
        runs: that are counted; None runs for `seconds`, at least `FEWEST_RUNS` times.
        seconds: see `runs`.
        counting: wait for a line on stdin, then only count the photos of some seconds.
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

    def to_json(self) -> str:
        """As the child's argument."""
        return json.dumps(asdict(self))


def steady(job: Job) -> dict[str, Any]:
    """Load, warm up, measure."""
    photo: Photo = job.photo or golden_image()
    started = perf_counter()
    engine = engines.load(job.engine, Path(job.path), job.threads, job.runtime)
    loaded = perf_counter() - started
    after_load = memory.rss()
    first = engine.assess(photo)
    for _ in range(job.warmup):
        engine.assess(photo)
    before = energy.read()
    runs = [engine.assess(photo).seconds for _ in _turns(job)]
    used = energy.joules(before, energy.read())
    contract = engine.contract
    return {
        "score": first.score,
        "load": loaded,
        "first": first.seconds.inference,
        "inference": [seconds.inference for seconds in runs],
        # An array is not decoded: its figure would say nothing about photos.
        "decode": [seconds.decode for seconds in runs] if job.photo else None,
        "resize": [seconds.resize for seconds in runs],
        "peak_rss_bytes": memory.peak_rss(),
        "rss_after_load_bytes": after_load,
        "private_bytes": memory.private(),
        "joules_per_photo": None if used is None else used / len(runs),
        "model": contract.model.name if contract else None,
        "version": contract.model.version if contract else None,
        "weights": contract.precision.weights if contract else None,
        "golden": _golden(engine, contract) if contract else None,
    }


def _turns(job: Job) -> Iterator[int]:
    started, done = perf_counter(), 0
    while done < job.runs if job.runs else done < FEWEST_RUNS or perf_counter() - started < job.seconds:
        yield done
        done += 1


def _golden(engine: engines.Engine, contract: ModelContract) -> dict[str, Any]:
    wanted = contract.golden
    found = engine.assess(golden_image(wanted.height, wanted.width)).score
    return {
        "expected": wanted.score,
        "found": found,
        "tolerance": wanted.tolerance,
        "ok": abs(found - wanted.score) <= wanted.tolerance,
    }


def throughput(job: Job) -> dict[str, Any]:
    """Load and warm up, wait for a line on stdin, then score for some seconds and count."""
    photo: Photo = job.photo or golden_image()
    engine = engines.load(job.engine, Path(job.path), job.threads, job.runtime)
    for _ in range(1 + job.warmup):
        engine.assess(photo)
    print("ready", flush=True)
    sys.stdin.readline()
    started = perf_counter()
    photos = 0
    for _ in _turns(job):
        engine.assess(photo)
        photos += 1
    return {"photos": photos, "seconds": perf_counter() - started}


def main() -> None:
    """Do the job, print its result; on a foreseen failure the reason, and exit status 1."""
    job = Job(**json.loads(sys.argv[1]))
    try:
        print(json.dumps(throughput(job) if job.counting else steady(job)), flush=True)
    except (MobileIQAError, ImportError, MemoryError) as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
