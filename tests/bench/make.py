"""Benchmark documents for tests, small and complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mobileiqa_bench.schema import KIND, SCHEMA, Document, Layer, Result
from mobileiqa_bench.stats import distribution


def result(
    label: str = "ours",
    rounds: Sequence[float] = (0.2, 0.2),
    timed: Sequence[Sequence[float]] = (),
    **changes: Any,
) -> Result:
    """One configuration: two runs in each round, or those of ``timed``."""
    inference = msgspec.to_builtins(distribution(timed or [[seconds, seconds] for seconds in rounds]))
    values: dict[str, Any] = {
        "label": label,
        "artifact": label,
        "model": "tiny",
        "version": "1",
        "runtime": "onnx",
        "precision": "fp32",
        "threads": 1,
        "error": None,
        "flags": [],
        "size_bytes": 9_200_000,
        "golden": {"expected": 0.5, "found": 0.5, "tolerance": 1e-4, "ok": True},
        "score": 0.5,
        "seconds": {"load": 0.1, "first": 0.3, "inference": inference, "decode": None, "resize": inference},
        "memory": {
            "peak_rss_bytes": 200_000_000,
            "rss_after_load_bytes": 90_000_000,
            "private_bytes": None,
            "peak_pss_bytes": None,
        },
        "throughput": None,
        "sustained": None,
        "energy_joules_per_photo": None,
    }
    return msgspec.convert(msgspec.to_builtins({**values, **changes}), Result)


def failed(label: str = "broken", **changes: Any) -> Result:
    """A configuration that could not be measured."""
    nothing = {"golden": None, "score": None, "seconds": None, "memory": None, "size_bytes": None}
    return result(label, **{"error": "it is broken", **nothing, **changes})


def document(*results: Result, **changes: Any) -> Document:
    """A whole benchmark."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": KIND,
        "environment": {"cpu": "Fast CPU 9000", "cpus": 2, "system": "Some Linux", "packages": {}},
        "settings": {"threads": [1], "rounds": 2, "photo": None},
        "results": results,
        "flags": [],
    }
    return msgspec.convert(msgspec.to_builtins({**values, **changes}), Document)


def layer(module: str, seconds: float, op: str = "Conv", **changes: Any) -> Layer:
    """A node that takes twice its floor."""
    values: dict[str, Any] = {
        "name": f"{module}/{op}",
        "module": module,
        "op": op,
        "arithmetic": "fp32",
        "seconds": seconds,
        "macs": 1000,
        "bytes": 100,
        "floor": seconds / 2,
        "efficiency": 0.5,
    }
    return Layer(**{**values, **changes})
