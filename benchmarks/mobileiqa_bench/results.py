"""Turns what the processes measured into the results of the benchmark file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import msgspec

from mobileiqa_sdk import library

from . import pictures
from .flags import of_failures, of_result
from .rounds import Measured
from .schema import (
    Accuracy,
    Distribution,
    GoldenScore,
    Memory,
    Result,
    Seconds,
    Thermal,
    Throughput,
    Unit,
    Window,
)
from .stats import distribution
from .verdict import judge


def to_result(measured: Measured, rounds: int, cool_down: float = 0.0) -> Result:
    """Returns the figures of one configuration over its rounds, with the verdict.

    Args:
        measured: what its processes measured.
        rounds: how many were asked for.
        cool_down: seconds without work before each process.
    """
    config, samples = measured.config, measured.samples
    last: dict[str, Any] = samples[-1] if samples else {}
    failed = Result(
        label=config.label,
        artifact=config.artifact,
        model=config.model or last.get("model") or "",
        version=config.version or last.get("version") or "",
        runtime=config.runtime_name,
        precision=config.precision or last.get("weights") or "",
        threads=config.threads,
        error=measured.error,
        flags=(),
        size_bytes=config.size,
        golden=None,
        score=None,
        seconds=None,
        memory=None,
        throughput=None,
        sustained=None,
        energy_joules_per_photo=None,
        srcc=config.srcc,
    )
    if measured.error is not None:
        return msgspec.structs.replace(failed, verdict=judge(failed))
    joules = [sample["joules_per_photo"] for sample in samples]
    throughput = tuple(
        Throughput(processes=processes, photos_per_second=median(rates))
        for processes, rates in sorted(measured.throughput.items())
    )
    result = msgspec.structs.replace(
        failed,
        golden=_golden(samples),
        score=last["score"],
        seconds=_seconds(samples),
        memory=_memory(samples),
        throughput=throughput or None,
        sustained=msgspec.convert(last["sustained"], tuple[Window, ...]) or None,
        sha256=library.sha256_of(config.path) if config.path.is_file() else None,
        unit=_unit(config.runtime_name),
        cool_down_seconds=cool_down,
        thermal=_thermal(samples),
        accuracy=_accuracy(measured),
        energy_joules_per_photo=None if None in joules else median(joules),
    )
    flags = (*of_result(result, measured.load, rounds), *of_failures(last["failures"]))
    result = msgspec.structs.replace(result, flags=flags)
    return msgspec.structs.replace(result, verdict=judge(result))


def _unit(runtime: str) -> Unit:
    # Core ML chooses among CPU, GPU and Neural Engine; what else runs here is given the CPU alone.
    name = "coreml" if runtime == "coreml" else "cpu"
    return Unit(declared=name, used=name)


def _thermal(samples: Sequence[dict[str, Any]]) -> Thermal:
    return Thermal(
        status_before=None,
        status_after=None,
        celsius_before=samples[0]["thermal"]["celsius_before"],
        celsius_after=samples[-1]["thermal"]["celsius_after"],
    )


def _accuracy(measured: Measured) -> Accuracy | None:
    last = measured.samples[-1]
    if not last["accuracy"] or last["golden"] is None:
        return None
    reference = measured.reference
    return Accuracy(
        pictures=pictures.FORMULA,
        scores=tuple(last["accuracy"]),
        reference=None if reference is None else tuple(reference),
        tolerance=last["golden"]["tolerance"],
    )


def _golden(samples: Sequence[dict[str, Any]]) -> GoldenScore | None:
    """Returns the golden score of the first round that missed it, or of the last round if none did."""
    scores = [msgspec.convert(sample["golden"], GoldenScore | None) for sample in samples]
    missed = [score for score in scores if score is not None and not score.ok]
    return missed[0] if missed else scores[-1]


def _seconds(samples: Sequence[dict[str, Any]]) -> Seconds:
    return Seconds(
        load=median(sample["load"] for sample in samples),
        first=median(sample["first"] for sample in samples),
        inference=distribution([sample["inference"] for sample in samples]),
        decode=_optional_step(samples, "decode"),
        resize=_optional_step(samples, "resize"),
        reload=_optional_step(samples, "reload"),
    )


def _optional_step(samples: Sequence[dict[str, Any]], name: str) -> Distribution | None:
    rounds = [sample[name] for sample in samples]
    return None if None in rounds else distribution(rounds)


def _memory(samples: Sequence[dict[str, Any]]) -> Memory:
    def over_rounds(name: str, summary: Callable[[list[int]], float]) -> int | None:
        values = [sample[name] for sample in samples]
        return None if None in values else int(summary(values))

    return Memory(
        peak_rss_bytes=over_rounds("peak_rss_bytes", max),
        rss_after_load_bytes=over_rounds("rss_after_load_bytes", median),
        private_bytes=over_rounds("private_bytes", median),
        peak_pss_bytes=None,  # the kernel records only the peak of RSS
    )
