"""Time and memory of an artifact as a ratio to another one's, in fresh processes in turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mobileiqa_sdk.parallel import default_threads

from .runners import Say

ROUNDS = 3
RUNS = 10


@dataclass(frozen=True)
class Timing:
    """Medians over rounds, in both of which one process ran each artifact.

    Attributes:
        latency_ratio: seconds of the artifact over the other's, median of the rounds, with the smallest
            and the largest round.
        memory_ratio: likewise of the peak resident memory, at loading or running.
        milliseconds, peak_mb: of the artifact.
        threads, rounds: how it was measured.
    """

    latency_ratio: tuple[float, float, float]
    memory_ratio: tuple[float, float, float]
    milliseconds: float
    peak_mb: float
    threads: int
    rounds: int

    @property
    def slower(self) -> bool:
        """Whether the artifact takes longer than what it is compared with."""
        return self.latency_ratio[0] > 1


def measure_against(other: Path, artifact: Path, say: Say = lambda _: None) -> Timing:
    """Measure two model files in turn. Raises mobileiqa_bench's BenchmarkError where one cannot run here."""
    from mobileiqa_bench.rounds import Config, measure, ratios

    threads = default_threads()
    configs = [
        Config("the other", "sdk", other, runs=RUNS),
        Config("the artifact", "sdk", artifact, runs=RUNS),
    ]
    base, ours = measure(configs, rounds=ROUNDS, threads=threads, progress=say)
    return Timing(
        latency_ratio=ratios(ours.seconds, base.seconds),
        memory_ratio=ratios(ours.peak_mb, base.peak_mb),
        milliseconds=1000 * median(ours.seconds),
        peak_mb=median(ours.peak_mb),
        threads=threads,
        rounds=ROUNDS,
    )
