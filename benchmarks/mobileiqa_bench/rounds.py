"""Compares configurations: every measurement in its own process, round by round.

Taking turns lets a noisy machine affect all alike, and a fresh process keeps one configuration's memory
and caches out of the next one's figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any

from mobileiqa_sdk.progress import SILENT, Progress

from . import counters, system
from .child import ProcessJob
from .configs import Config
from .counters import Load
from .environment import available_bytes, available_cpus
from .errors import BenchmarkError
from .processes import TIMEOUT, photos_per_second
from .processes import measure as measure_process
from .verdict import FEWEST_RUNS, FEWEST_SECONDS

MOST_OF_MEMORY = 0.8


@dataclass(frozen=True)
class Settings:
    """How often, and on what.

    Attributes:
        rounds: how often every configuration is measured in a process of its own.
        runs, seconds, warmup: within a process; see :class:`mobileiqa_bench.child.ProcessJob`.
        photo: a file; None for the golden image.
        throughput: also measure photos per second, of the SDK's own configurations.
        processes: how many at once, in turn; None doubles from one to as many as the CPUs have room for.
        timeout: seconds after which a process counts as failed.
        official: measure long enough for a valid verdict, and score the set of pictures; see
            :mod:`mobileiqa_bench.verdict`. It replaces `runs` and `seconds`.
        cool_down: seconds without work before each process.
        minutes: of a sustained run in the last round; 0 for none.
    """

    rounds: int = 5
    runs: int | None = None
    seconds: float = 2.0
    warmup: int = 2
    photo: str | None = None
    throughput: bool = False
    processes: tuple[int, ...] | None = None
    timeout: float = TIMEOUT
    official: bool = False
    cool_down: float = 0.0
    minutes: float = 0.0

    def job(self, config: Config, **changes: Any) -> ProcessJob:
        """Returns the job of a process that measures the configuration."""
        values = {"runtime": config.runtime, "threads": config.threads, "photo": self.photo}
        steady = {"warmup": self.warmup, "runs": self.runs, "seconds": self.seconds}
        return ProcessJob(
            **{"engine": config.engine, "path": str(config.path), **values, **steady, **changes}
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON-ready values."""
        return {**asdict(self), "processes": list(self.processes) if self.processes else None}


@dataclass
class Measured:
    """Everything that the processes of one configuration measured, one value for each round.

    Attributes:
        samples: results of :func:`mobileiqa_bench.child.measure_steady_state`.
        throughput: photos per second by number of processes.
        load: what else the machine did meanwhile.
        reference: the SDK's scores of the set of pictures; None if they were not asked for.
        error: why it failed; None if it did not.
    """

    config: Config
    samples: list[dict[str, Any]] = field(default_factory=list)
    throughput: dict[int, list[float]] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    reference: list[float] | None = None
    error: str | None = None

    @property
    def latencies(self) -> list[float]:
        """Median seconds of an inference, one for each round."""
        return [median(sample["inference"]) for sample in self.samples]

    @property
    def peaks(self) -> list[float] | None:
        """Peak resident bytes, one for each round; None if the system does not report them."""
        values = [sample["peak_rss_bytes"] for sample in self.samples]
        return None if None in values else values


def measure(
    configs: Sequence[Config],
    settings: Settings = Settings(),
    *,
    progress: Progress = SILENT,
    each_round: Callable[[], None] = lambda: None,
    root: Path = system.ROOT,
) -> list[Measured]:
    """Measures all configurations in turn, in every round; `each_round` is called at the start of each.

    A configuration that fails keeps its error and is left out of the rounds that follow.
    """
    results = [Measured(config, error=config.failure) for config in configs]
    for number in range(1, settings.rounds + 1):
        each_round()
        for result in results:
            if result.error is None:
                sleep(settings.cool_down)
                progress.step(f"round {number}/{settings.rounds}: {result.config}")
                _measure_once(result, settings, settings.rounds - number + 1, root)
                if result.error is not None:
                    progress.step(f"failed: {result.config}: {result.error}")
    if settings.official:
        _refer(results, settings, progress)
    return results


def reference_scores(path: Path, timeout: float = TIMEOUT) -> list[float]:
    """Returns the SDK's scores of the set of pictures, on one thread in a process of its own.

    Raises:
        ProcessFailed: the file cannot be scored.
    """
    job = ProcessJob(
        engine="sdk", path=str(path), runtime=None, threads=1, photo=None, warmup=0, runs=1, seconds=0,
        accuracy=True,
    )  # fmt: skip
    scores: list[float] = measure_process(job, timeout)["accuracy"]
    return scores


def _refer(results: Sequence[Measured], settings: Settings, progress: Progress) -> None:
    """Sets the reference of the artifacts with a contract; each file is scored once."""
    scores: dict[Path, list[float]] = {}
    for result in results:
        path = result.config.path
        if result.error is None and result.samples[-1]["golden"] is not None:
            if path not in scores:
                progress.step(f"scores of the pictures: {path}")
                scores[path] = reference_scores(path, settings.timeout)
            result.reference = scores[path]


def _official(result: Measured, rounds_left: int) -> dict[str, Any]:
    """Returns the changes to the job of a round, so that all together are long enough for the verdict."""
    values = [value for sample in result.samples for value in sample["inference"]]
    return {
        "runs": None,
        "enough_runs": max(-(-(FEWEST_RUNS - len(values)) // rounds_left), 1),
        "seconds": max((FEWEST_SECONDS - sum(values)) / rounds_left, 0.0),
        "accuracy": True,
    }


def _measure_once(result: Measured, settings: Settings, rounds_left: int, root: Path) -> None:
    config = result.config
    changes = _official(result, rounds_left) if settings.official else {}
    changes["minutes"] = settings.minutes if rounds_left == 1 else 0.0
    before = counters.read(root)
    try:
        job = settings.job(config, **changes)
        result.samples.append(measure_process(job, settings.timeout + 60 * job.minutes))
        for count in _process_counts(settings, config, result.samples[-1]["peak_rss_bytes"]):
            job = settings.job(config, runs=None, counting=True)
            rate = photos_per_second(job, count, settings.timeout)
            result.throughput.setdefault(count, []).append(rate)
    except BenchmarkError as error:
        result.error = str(error)
    result.load.add(before, counters.read(root))


def _process_counts(settings: Settings, config: Config, peak: int | None) -> list[int]:
    """Returns how many processes to run at once; by default no more than fit into memory without swapping."""
    if not settings.throughput or config.engine != "sdk":
        return []
    if settings.processes:
        return list(settings.processes)
    room = max(available_cpus() // config.threads, 1)
    counts = sorted({*(2**n for n in range(room.bit_length())), room})
    free = available_bytes()
    return [count for count in counts if not (free and peak) or count * peak <= MOST_OF_MEMORY * free]
