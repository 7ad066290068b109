"""One configuration in one fresh process: ``python -m mobileiqa_bench.subject KIND PATH THREADS RUNS``.

Prints one JSON object. Started by :mod:`mobileiqa_bench.rounds`, which reads it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.resample import resize

Pixels = NDArray[np.uint8]
Run = Callable[[], float]


def _photo(height: int, width: int) -> Pixels:
    return resize(Image.fromarray(golden_image()), height, width)


def _torch(path: Path, threads: int) -> Run:
    """A checkpoint in PyTorch eager, as its authors would run it."""
    import torch

    from mobileiqa_export.student import BACKBONES, load_checkpoint, normalise

    torch.set_num_threads(threads)
    loaded = load_checkpoint(path)
    pixels = torch.from_numpy(_photo(*loaded.config.input_size)).permute(2, 0, 1)[None]
    spec = BACKBONES[loaded.config.backbone]

    def run() -> float:
        with torch.inference_mode():
            return float(loaded.student(normalise(pixels, spec)).mean())

    return run


def _onnxruntime(path: Path, threads: int) -> Run:
    """An ONNX artifact in onnxruntime with nothing but the thread count set."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (wanted,) = session.get_inputs()
    pixels = _photo(*wanted.shape[1:3])[np.newaxis]
    return lambda: float(session.run(None, {wanted.name: pixels})[0].mean())


def _sdk(path: Path, threads: int) -> Run:
    """An artifact as :class:`mobileiqa_sdk.Scorer` runs it."""
    from mobileiqa_sdk import library, runtimes

    runtime = runtimes.load(library.find(path), None, threads)
    pixels = _photo(runtime.contract.input.height, runtime.contract.input.width)
    return lambda: runtime.run(pixels)


SUBJECTS: dict[str, Callable[[Path, int], Run]] = {"torch": _torch, "onnxruntime": _onnxruntime, "sdk": _sdk}


def _megabytes(field: str) -> float:
    """A field of /proc/self/status, such as VmHWM: the process's peak resident memory."""
    with open("/proc/self/status", encoding="ascii") as file:
        (line,) = (line for line in file if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Load, warm up, measure, print."""
    kind, path, threads, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    started = perf_counter()
    run = SUBJECTS[kind](path, threads)
    loaded = perf_counter()
    score = run()
    first = perf_counter()
    seconds = []
    for _ in range(runs):
        begin = perf_counter()
        run()
        seconds.append(perf_counter() - begin)
    result = {
        "score": score,
        "load": loaded - started,
        "first": first - loaded,
        "seconds": seconds,
        "peak_mb": _megabytes("VmHWM"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
