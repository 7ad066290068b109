"""What the processes found -> the results of the benchmark file."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from .flags import of_result
from .rounds import Measured
from .schema import Distribution, Memory, Result, Seconds
from .stats import distribution


def result(measured: Measured, settings_rounds: int) -> Result:
    """One configuration, summed up over its rounds."""
    config, samples = measured.config, measured.samples
    last: dict[str, Any] = samples[-1] if samples else {}
    result: Result = {
        "label": config.label,
        "artifact": config.artifact,
        "model": config.model or last.get("model") or "",
        "version": config.version or last.get("version") or "",
        "runtime": config.runtime_name,
        "precision": config.precision or last.get("weights") or "",
        "threads": config.threads,
        "error": measured.error,
        "flags": [],
        "size_bytes": config.size,
        "golden": None,
        "score": None,
        "seconds": None,
        "memory": None,
        "throughput": None,
        "sustained": None,
        "energy_joules_per_photo": None,
        "srcc": config.srcc,
    }
    if measured.error is None:
        result["golden"] = last["golden"]
        result["score"] = last["score"]
        result["seconds"] = _seconds(samples)
        result["memory"] = _memory(samples)
        result["throughput"] = [
            {"processes": count, "photos_per_second": median(rates)}
            for count, rates in sorted(measured.throughput.items())
        ] or None
        joules = [sample["joules_per_photo"] for sample in samples]
        result["energy_joules_per_photo"] = None if None in joules else median(joules)
        result["flags"] = of_result(result, measured.load, settings_rounds)
    return result


def _seconds(samples: Sequence[dict[str, Any]]) -> Seconds:
    inference = _step(samples, "inference")
    assert inference is not None  # noqa: S101 - no process reports without any run
    return {
        "load": median(sample["load"] for sample in samples),
        "first": median(sample["first"] for sample in samples),
        "inference": inference,
        "decode": _step(samples, "decode"),
        "resize": _step(samples, "resize"),
    }


def _step(samples: Sequence[dict[str, Any]], name: str) -> Distribution | None:
    rounds = [sample[name] for sample in samples]
    return None if None in rounds else distribution(rounds)


def _memory(samples: Sequence[dict[str, Any]]) -> Memory:
    def over_rounds(name: str, summary: Any) -> int | None:
        values = [sample[name] for sample in samples]
        return None if None in values else int(summary(values))

    return {
        "peak_rss_bytes": over_rounds("peak_rss_bytes", max),
        "rss_after_load_bytes": over_rounds("rss_after_load_bytes", median),
        "private_bytes": over_rounds("private_bytes", median),
        # A kernel keeps the peak of RSS alone.
        "peak_pss_bytes": None,
    }
