"""The whole run: measures rounds, peaks and layers of many configurations and returns one document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mobileiqa_sdk.progress import SILENT, Progress

from . import counters, flags, system
from .against import baselines, find_label, ratios
from .configs import Config
from .counters import Load
from .environment import read_environment
from .errors import BenchmarkError
from .results import to_result
from .roofline import PeakMeter, measure_layers
from .rounds import Settings, measure
from .schema import KIND, SCHEMA, Document, Peaks, Result


def run_benchmark(
    configs: Sequence[Config],
    settings: Settings,
    *,
    described: dict[str, Any] | None = None,
    baseline: str | None = None,
    roofline: bool = False,
    progress: Progress = SILENT,
    root: Path = system.ROOT,
) -> Document:
    """Measures all configurations, round by round, each in processes of its own.

    Args:
        configs: the rows, in order.
        settings: how often, on what.
        described: the environment, if it was read earlier: before artifacts were exported, which is load.
        baseline: what ratios are to; see :func:`mobileiqa_bench.against.baselines`.
        roofline: also measure this machine's peaks in every round, and the layers of ONNX artifacts.
        progress: receives each step and warning.
        root: of the system's files; another one in tests.

    Raises:
        BaselineUnknown: the name of the baseline does not match one configuration.
        BenchmarkError: the peaks cannot be measured. A configuration that fails is a result with an error.

    >>> from mobileiqa_bench import of_artifacts
    >>> configs = of_artifacts(["mobileiqa-small"])
    >>> document = run_benchmark(configs, Settings(rounds=1, runs=1, warmup=0))
    >>> document.results[0].golden.ok, document.results[0].seconds.inference.median > 0
    (True, True)
    """
    if baseline is not None:
        find_label([config.label for config in configs], baseline)
    described = described or read_environment(root)
    threads = sorted({config.threads for config in configs})
    meter = PeakMeter(threads if roofline else ())
    before = counters.read(root)
    measured = measure(configs, settings, progress=progress, each_round=meter.measure, root=root)
    load = Load()
    load.add(before, counters.read(root))
    load.waiting = tuple(count for one in measured for count in one.load.waiting)
    results = flags.with_other_scores(
        [to_result(one, settings.rounds, settings.cool_down) for one in measured]
    )
    results = _with_ratios(results, baseline)
    peaks = meter.peaks()
    if roofline:
        results = [
            _with_layers(row, config, peaks, progress) for row, config in zip(results, configs, strict=True)
        ]
    return Document(
        schema=SCHEMA,
        kind=KIND,
        environment=described,
        settings={"threads": threads, **settings.to_dict()},
        results=tuple(results),
        flags=tuple(flags.of_run(described, load, max(threads))),
        peaks=tuple(peaks),
    )


def _with_ratios(results: Sequence[Result], baseline: str | None) -> list[Result]:
    return [
        row
        if other is None or row.error is not None
        else msgspec.structs.replace(row, ratio=ratios(row, other).to_part(other.label))
        for row, other in zip(results, baselines(results, baseline), strict=True)
    ]


def _with_layers(row: Result, config: Config, peaks: Sequence[Peaks], progress: Progress) -> Result:
    if row.error is not None or config.engine != "sdk" or config.path.suffix != ".onnx":
        return row
    progress.step(f"layers: {config}")
    reached = next(entry for entry in peaks if entry.threads == config.threads)
    try:
        return msgspec.structs.replace(row, layers=tuple(measure_layers(config.path, reached)))
    except BenchmarkError as error:
        return msgspec.structs.replace(row, flags=(*row.flags, f"layers: not measured, {error}"))
