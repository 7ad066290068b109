"""``python -m mobileiqa_export.engines.batches CHECKPOINT``: what a runtime gains from photos in batches.

Artifacts take one photo, since photos differ in size and workers fill all CPUs. This shows what that costs.
The network as trained is converted for each batch size, without the rewrites of an export, and given random
pixels. A photo's time is compared with that of a photo alone in the same round.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.lists import list_option
from mobileiqa_bench.stats import paired_ratio
from mobileiqa_bench.tables import write_table
from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._onnxruntime import onnxruntime
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.parallel import MAX_THREADS

from ..checkpoint import load_checkpoint
from .from_pixels import FromPixels

TOLERANCE = 1e-4
"""Largest difference between opinions about a photo alone and in a batch."""

Photos = NDArray[np.float32]
"""float32 RGB [N, 3, H, W] in 0..255."""
Answer = Callable[[Photos], NDArray[np.floating[Any]]]
"""Returns the opinions [N, opinions] about photos."""


def eager(network: FromPixels, photos: Photos, threads: int) -> Answer:
    """Runs the network in PyTorch."""
    torch.set_num_threads(threads)

    def answer(photos: Photos) -> NDArray[np.floating[Any]]:
        with torch.inference_mode():
            opinions: Tensor = network(torch.from_numpy(photos))
            return opinions.numpy()

    return answer


def onnx(network: FromPixels, photos: Photos, threads: int) -> Answer:
    """Converts the network for as many photos as there are, and runs it in onnxruntime."""
    with quiet():
        program = torch.onnx.export(network, (torch.from_numpy(photos),), dynamo=True, verbose=False)
    if program is None:
        raise BenchmarkError("PyTorch did not convert the network to ONNX")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda photos: session.run(None, {name: photos})[0]


def tflite(network: FromPixels, photos: Photos, threads: int) -> Answer:
    """Converts the network for as many photos as there are, and runs it in LiteRT."""
    with quiet():
        import litert_torch
        from ai_edge_litert.interpreter import Interpreter

        model = litert_torch.convert(network, (torch.from_numpy(photos),)).model_content()
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    run = interpreter.get_signature_runner()
    (name,) = run.get_input_details()
    return lambda photos: next(iter(run(**{name: photos}).values()))


RUNTIMES = {"eager": eager, "onnx": onnx, "tflite": tflite}


def measure(runs: Mapping[int, Callable[[], object]], rounds: int) -> dict[int, list[float]]:
    """Returns the seconds that one photo of each batch took, one value a round.

    Args:
        runs: for each batch size, what answers such a batch; warmed up.
        rounds: how often all of them are called in turn.
    """
    seconds: dict[int, list[float]] = {size: [] for size in runs}
    for _ in range(rounds):
        for size, run in runs.items():
            started = perf_counter()
            run()
            seconds[size].append((perf_counter() - started) / size)
    return seconds


def check_answers(answers: Mapping[int, NDArray[np.floating[Any]]], name: str) -> None:
    """Raises BenchmarkError if the first photo's opinions depend on the batch that it is in."""
    first = next(iter(answers.values()))[0]
    for size, opinions in answers.items():
        if len(opinions) != size or not np.abs(opinions[0] - first).max() <= TOLERANCE:
            raise BenchmarkError(f"{name} answers a batch of {size} otherwise than a photo alone")


def _row(name: str, network: FromPixels, batches: list[Photos], threads: int, rounds: int) -> list[str]:
    """Measures one runtime; the first batch is a photo alone."""
    answers = {len(batch): RUNTIMES[name](network, batch, threads) for batch in batches}
    runs = {len(batch): partial(answers[len(batch)], batch) for batch in batches}
    check_answers({size: run() for size, run in runs.items()}, name)
    seconds = measure(runs, rounds)
    ratios = [str(paired_ratio(values, seconds[1])) for values in seconds.values()]
    return [name, f"{1000 * np.median(seconds[1]):.1f} ms", *ratios[1:]]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@list_option("--runtime", "runtimes", known=list(RUNTIMES), help="eager, onnx, tflite; default: all.")
@list_option("--size", "sizes", numbers_to=1024, metavar="N,...", help="Photos at once; default: 1,2,4,8.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, MAX_THREADS))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
def main(
    checkpoint: Path, runtimes: tuple[str, ...], sizes: tuple[int, ...], threads: int, rounds: int
) -> None:
    """Measure a photo's time in batches of several sizes, in each runtime."""
    warnings.simplefilter("ignore")  # conversions fix the shapes, as they should here
    sizes = tuple(sorted({1, *(sizes or (2, 4, 8))}))
    try:
        network = FromPixels(load_checkpoint(checkpoint)).eval()
        photos = np.random.default_rng(0).integers(0, 256, (max(sizes), 3, *network.size)).astype(np.float32)
        rows = [
            _row(name, network, [photos[:size] for size in sizes], threads, rounds)
            for name in runtimes or RUNTIMES
        ]
    except MobileIQAError as error:
        raise click.ClickException(str(error)) from error
    header = ["runtime", "a photo alone", *(f"in a batch of {size}" for size in sizes[1:])]
    click.echo(write_table(header, rows, "l" + "r" * (len(header) - 1)))


if __name__ == "__main__":
    main()
