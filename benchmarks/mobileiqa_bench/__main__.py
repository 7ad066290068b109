"""``python -m mobileiqa_bench``: the exported student against the network as published."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click

from mobileiqa_export.exporter import export
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.library import find
from mobileiqa_sdk.parallel import default_threads

from .rounds import Config, Result, measure, ratios


@click.command()
@click.option("--checkpoint", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--threads", type=click.IntRange(min=1), help="Default: OMP_NUM_THREADS, else all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(checkpoint: Path, rounds: int, threads: int | None, as_json: bool) -> None:
    """Latency and peak memory of a student: in PyTorch eager, as a plain ONNX export, and as our artifact.

    Exports the checkpoint twice, with and without rewrites, into a temporary folder. Every
    measurement runs in its own process, in turn, warm-up left out.
    """

    def say(line: str) -> None:
        click.echo(line, err=True)

    threads = threads or default_threads()
    with tempfile.TemporaryDirectory() as scratch:
        for folder, rewrites in (("plain", False), ("rewritten", True)):
            say(f"exporting, {folder}")
            export(checkpoint, Path(scratch) / folder, rewrites=rewrites)
        plain, ours = (find(Path(scratch) / folder) for folder in ("plain", "rewritten"))
        configs = [
            Config("as published, PyTorch eager", "torch", checkpoint, runs=3),
            Config("as published, plain ONNX, onnxruntime", "onnxruntime", plain, runs=3),
            Config("rewritten, ONNX, SDK", "sdk", ours),
        ]
        results = measure(configs, rounds=rounds, threads=threads, progress=say)
    if as_json:
        rows = [{**asdict(result), "config": result.config.label} for result in results]
        click.echo(json.dumps({"schema": 1, "threads": threads, "results": rows}, indent=2))
    else:
        click.echo(_table(results))


def _table(results: list[Result]) -> str:
    lines = ["| | time | to eager | peak RSS | to plain ONNX |", "|---|--:|--:|--:|--:|"]
    eager, plain = results[0], results[1]
    for result in results:
        time, memory = ratios(result.seconds, eager.seconds), ratios(result.peak_mb, plain.peak_mb)
        lines.append(
            f"| {result.config.label} | {1000 * median(result.seconds):.0f} ms "
            f"| {time[0]:.3f} ({time[1]:.3f} to {time[2]:.3f}) "
            f"| {median(result.peak_mb):.0f} MB "
            f"| {memory[0]:.3f} ({memory[1]:.3f} to {memory[2]:.3f}) |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except MobileIQAError as error:
        sys.exit(f"mobileiqa_bench: {error}")
