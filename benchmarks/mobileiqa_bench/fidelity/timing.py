"""Time and memory of an artifact relative to another one, measured in fresh processes in turn."""

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
    """Medians over rounds; in each round, a fresh process ran each artifact.

    Attributes:
        latency_ratio: (median, smallest, largest) over the rounds of the artifact's latency divided by the
            other's.
        memory_ratio: the same for the peak resident memory of the process.
        milliseconds: latency of the artifact.
        peak_mb: peak resident memory of the artifact's process, in millions of bytes.
        threads: of the runtimes.
        rounds: how many were measured.
    """

    latency_ratio: tuple[float, float, float]
    memory_ratio: tuple[float, float, float]
    milliseconds: float
    peak_mb: float
    threads: int
    rounds: int

    @property
    def slower(self) -> bool | None:
        """Whether the artifact takes longer than the other in every round; None if rounds disagree."""
        _, smallest, largest = self.latency_ratio
        if smallest <= 1 <= largest:
            return None
        return smallest > 1


def measure_against(other: Path, artifact: Path, progress: Progress = SILENT) -> Timing:
    """Measures two model files in turn.

    Raises:
        BenchmarkError: one of them cannot run here, or the system does not report the memory of a process.
    """
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
        raise BenchmarkError("this system does not report the memory of a process; pip install psutil")
    return Timing(
        latency_ratio=_within_rounds(ours.latencies, base.latencies),
        memory_ratio=_within_rounds(peaks, base_peaks),
        milliseconds=1000 * median(ours.latencies),
        peak_mb=median(peaks) / 1e6,
        threads=threads,
        rounds=ROUNDS,
    )


def _within_rounds(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float]:
    """Returns median, smallest and largest of the ratios within each round."""
    each = [value / base for value, base in zip(values, baseline, strict=True)]
    return median(each), min(each), max(each)
