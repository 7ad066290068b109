"""The whole run: rounds, peaks and layers of many configurations -> one document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mobileiqa_sdk.progress import SILENT, Progress

from . import counters, flags, system
from .against import baselines, find_label, ratios
from .configs import Config
from .counters import Load
from .environment import environment
from .errors import BenchmarkError
from .results import result
from .roofline import PeakMeter, layers
from .rounds import Settings, measure
from .schema import KIND, SCHEMA, Document, Peaks, Result


def benchmark(
    configs: Sequence[Config],
    settings: Settings,
    *,
    described: dict[str, Any] | None = None,
    baseline: str | None = None,
    roofline: bool = False,
    progress: Progress = SILENT,
    root: Path = system.ROOT,
) -> Document:
    """Measure all configurations, round by round, in processes of their own.

    Args:
        configs: the rows, in order.
        settings: how often, on what.
        described: the environment, where it was read before artifacts were made for this: that is load, too.
        baseline: what ratios are to, see :func:`mobileiqa_bench.against.baselines`.
        roofline: also measure this machine's peaks in every round, and the layers of ONNX artifacts.
        progress: receives each step and warning.
        root: of the system's files; another one in tests.

    Raises:
        BaselineUnknown: no configuration is called like the baseline.
        BenchmarkError: the peaks cannot be measured. A configuration that fails is a result with an error.
    """
    if baseline is not None:
        find_label([config.label for config in configs], baseline)
    described = described or environment(root)
    threads = sorted({config.threads for config in configs})
    meter = PeakMeter(threads if roofline else ())
    before = counters.read(root)
    measured = measure(configs, settings, progress=progress, each_round=meter.measure, root=root)
    load = Load()
    load.add(before, counters.read(root))
    load.waiting = tuple(count for one in measured for count in one.load.waiting)
    results = [result(one, settings.rounds) for one in measured]
    flags.mark_other_scores(results)
    for row, other in zip(results, baselines(results, baseline), strict=True):
        if other is not None and row["error"] is None:
            row["ratio"] = ratios(row, other).to_dict(other["label"])
    peaks = meter.peaks()
    for config, row in zip(configs, results, strict=True):
        if roofline and row["error"] is None and config.engine == "sdk" and config.path.suffix == ".onnx":
            progress.step(f"layers: {config}")
            _add_layers(row, config, peaks)
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "environment": described,
        "settings": {"threads": threads, **settings.to_dict()},
        "results": results,
        "flags": flags.of_run(described, load, max(threads)),
        "peaks": peaks,
    }


def _add_layers(row: Result, config: Config, peaks: Sequence[Peaks]) -> None:
    reached = next(entry for entry in peaks if entry["threads"] == config.threads)
    try:
        row["layers"] = layers(config.path, reached)
    except BenchmarkError as error:
        row["flags"].append(f"layers: not measured, {error}")
