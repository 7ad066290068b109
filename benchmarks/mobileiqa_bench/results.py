"""Turns what the processes measured into the results of the benchmark file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import msgspec

from .flags import of_failures, of_result
from .rounds import Measured
from .schema import Distribution, GoldenScore, Memory, Result, Seconds, Throughput
from .stats import distribution


def to_result(measured: Measured, rounds: int) -> Result:
    """Returns the figures of one configuration over its rounds; `rounds` is how many were asked for."""
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
        return failed
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
        energy_joules_per_photo=None if None in joules else median(joules),
    )
    flags = (*of_result(result, measured.load, rounds), *of_failures(last["failures"]))
    return msgspec.structs.replace(result, flags=flags)


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
