"""Configurations against each other: every measurement in its own process, round by round.

Interleaving lets a noisy machine hit all alike, and a fresh process keeps one configuration's memory
and caches out of the next one's figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from mobileiqa_sdk.errors import MobileIQAError


class BenchmarkError(MobileIQAError):
    """A configuration could not be measured."""


@dataclass(frozen=True)
class Config:
    """What to run: ``kind`` is a key of :data:`mobileiqa_bench.subject.SUBJECTS`."""

    label: str
    kind: str
    path: Path
    runs: int = 10


@dataclass
class Result:
    """Medians of one configuration, a value a round: seconds of a warm run, peak resident MB."""

    config: Config
    seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    score: float = float("nan")


def measure(
    configs: Sequence[Config], *, rounds: int, threads: int, progress: Callable[[str], None] = lambda _: None
) -> list[Result]:
    """Measure all configurations ``rounds`` times in turn. Raises BenchmarkError where one fails."""
    results = [Result(config) for config in configs]
    for number in range(1, rounds + 1):
        for result in results:
            progress(f"round {number}/{rounds}: {result.config.label}")
            values = _child(result.config, threads)
            result.seconds.append(median(values["seconds"]))
            result.peak_mb.append(values["peak_mb"])
            result.score = values["score"]
    return results


def ratios(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float]:
    """Median, smallest and largest of the ratios within each round."""
    each = [value / base for value, base in zip(values, baseline, strict=True)]
    return median(each), min(each), max(each)


def _child(config: Config, threads: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "mobileiqa_bench.subject", config.kind, str(config.path)]
    done = subprocess.run(  # noqa: S603 - our own module
        [*command, str(threads), str(config.runs)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BenchmarkError(f"{config.label}: exit status {done.returncode}: {lines[-1] if lines else ''}")
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values
