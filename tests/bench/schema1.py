"""Benchmark JSON, schema 1, as the device script and the Android app must write it."""

from __future__ import annotations

import math
from typing import Any

_RESULT = {
    "label": str,
    "artifact": str,
    "model": str,
    "version": str,
    "runtime": str,
    "precision": str,
    "threads": int,
    "flags": list,
}
_NULLABLE = ("error", "size_bytes", "golden", "score", "seconds", "memory", "throughput", "sustained")


def check(document: dict[str, Any]) -> None:
    """Assert that every required key is there, with a value of its type."""
    assert document["schema"] == 1
    assert document["kind"] == "mobileiqa-benchmark"
    assert isinstance(document["environment"], dict)
    assert isinstance(document["settings"]["threads"], list)
    assert isinstance(document["flags"], list)
    assert document["results"]
    for result in document["results"]:
        for key, kind in _RESULT.items():
            assert type(result[key]) is kind, key
        assert {*_NULLABLE, "energy_joules_per_photo"} <= result.keys()
        if result["error"] is None:
            _check_measured(result)
        else:
            assert isinstance(result["error"], str)
            assert result["seconds"] is result["score"] is result["memory"] is None


def _check_measured(result: dict[str, Any]) -> None:
    assert {"expected", "found", "tolerance", "ok"} <= result["golden"].keys()
    assert 0 <= result["score"] <= 1
    assert result["size_bytes"] > 0
    seconds = result["seconds"]
    assert seconds["load"] > 0
    assert seconds["first"] > 0
    for step in ("inference", "decode", "resize"):
        if step == "inference" or seconds[step] is not None:
            assert seconds[step].keys() >= {"median", "p90", "min", "mad", "values"}
            assert seconds[step]["min"] == min(seconds[step]["values"])
            assert all(math.isfinite(value) and value > 0 for value in seconds[step]["values"])
    memory = ("peak_rss_bytes", "rss_after_load_bytes", "private_bytes", "peak_pss_bytes")
    assert result["memory"].keys() >= set(memory)
    for window in result["sustained"] or []:
        assert window.keys() >= {"second", "median", "p90", "temperature_c", "mhz"}
