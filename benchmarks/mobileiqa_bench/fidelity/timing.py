"""Time and memory of an artifact as a ratio to another one's, in fresh processes in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mobileiqa_sdk.parallel import default_threads
from mobileiqa_sdk.progress import SILENT, Progress

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


def measure_against(other: Path, artifact: Path, progress: Progress = SILENT) -> Timing:
    """Measure two model files in turn. Raises mobileiqa_bench's BenchmarkError where one cannot run here."""
    from mobileiqa_bench.configs import Config
    from mobileiqa_bench.errors import BenchmarkError
    from mobileiqa_bench.rounds import Settings, measure

    threads = default_threads()
    configs = [
        Config("the other", "sdk", other, str(other), threads=threads),
        Config("the artifact", "sdk", artifact, str(artifact), threads=threads),
    ]
    measured = measure(configs, Settings(rounds=ROUNDS, runs=RUNS), progress=progress)
    for one in measured:
        if one.error is not None:
            raise BenchmarkError(f"{one.config.label}: {one.error}")
    base, ours = measured
    base_peaks, peaks = base.peaks, ours.peaks
    if base_peaks is None or peaks is None:
        raise BenchmarkError("this system does not say how much memory a process took; pip install psutil")
    return Timing(
        latency_ratio=_within_rounds(ours.latencies, base.latencies),
        memory_ratio=_within_rounds(peaks, base_peaks),
        milliseconds=1000 * median(ours.latencies),
        peak_mb=median(peaks) / 1e6,
        threads=threads,
        rounds=ROUNDS,
    )


def _within_rounds(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float]:
    """Median, smallest and largest of the ratios within each round."""
    each = [value / base for value, base in zip(values, baseline, strict=True)]
    return median(each), min(each), max(each)
