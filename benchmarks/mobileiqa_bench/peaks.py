"""What this machine can do at most: ``python -m mobileiqa_bench.peaks THREADS`` prints it as JSON.

Arithmetic is that of large matrix products in onnxruntime, whose kernels the models run on too; memory is
numpy's copy, at working sets that fit in a cache and at one that fits in none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mobileiqa_sdk._onnxruntime import onnxruntime

from .environment import caches
from .schema import Bandwidth, Peaks

SIDES = (512, 1024, 2048)
"""Sides of the square matrices; the fastest counts."""
SECONDS = 0.25
"""Seconds of runs for each size."""
MEMORY_BYTES = 256 << 20
"""Bytes of a working set beyond the caches, unless eight times the largest cache is more."""
OPSET = 20


def measure_peaks(threads: int) -> Peaks:
    """Returns the peaks of this machine on a number of threads; takes about three seconds."""
    return Peaks(
        threads=threads,
        fp32_macs_per_second=max(_products(side, threads, np.float32) for side in SIDES),
        int8_macs_per_second=max(_products(side, threads, np.uint8) for side in SIDES),
        bandwidth=tuple(
            Bandwidth(working_set_bytes=size, bytes_per_second=_copies(size, threads))
            for size in working_sets(caches(), threads)
        ),
    )


def best(runs: Sequence[Peaks]) -> Peaks:
    """Returns the highest of each figure over several runs: a peak counts if it was reached once."""
    return Peaks(
        threads=runs[0].threads,
        fp32_macs_per_second=max(run.fp32_macs_per_second for run in runs),
        int8_macs_per_second=max(run.int8_macs_per_second for run in runs),
        bandwidth=tuple(
            max(entries, key=lambda entry: entry.bytes_per_second)
            for entries in zip(*(run.bandwidth for run in runs), strict=True)
        ),
    )


def working_sets(cache_bytes: dict[str, int], threads: int) -> list[int]:
    """Returns rising numbers of bytes: half of the second-level caches in use, half of the last level, and
    beyond.
    """
    second, last = cache_bytes.get("L2", 1 << 20) * threads, cache_bytes.get("L3", 8 << 20)
    inside = [size // 2 for size in sorted({second, max(second, last)})]
    return [*inside, max(MEMORY_BYTES, 8 * max(second, last))]


def _products(side: int, threads: int, dtype: type[np.generic]) -> float:
    """Returns multiply-accumulates per second of [side, side] by [side, side]: float32, or uint8 by int8."""
    rng = np.random.default_rng(0)
    integer = dtype is np.uint8
    weights = rng.integers(-128, 128, (side, side)).astype(np.int8 if integer else np.float32)
    session = _product_session(weights, threads)
    left = rng.integers(0, 256, (side, side)).astype(dtype)
    return side**3 / _fastest(lambda: session.run(None, {"x": left}))


def _product_session(weights: NDArray[np.generic], threads: int) -> onnxruntime.InferenceSession:
    integer, shape = weights.dtype == np.int8, list(weights.shape)
    one, out = (TensorProto.UINT8, TensorProto.INT32) if integer else (TensorProto.FLOAT, TensorProto.FLOAT)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger" if integer else "MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", one, shape)],
        [helper.make_tensor_value_info("y", out, shape)],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = onnx.IR_VERSION if onnx.IR_VERSION < 10 else 10
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _copies(working_set: int, threads: int) -> float:
    """Returns bytes per second, read and written, of threads that each copy their part of the working set."""
    part = working_set // (2 * threads)
    pairs = [(np.zeros(part, np.uint8), np.ones(part, np.uint8)) for _ in range(threads)]
    repeats = max((16 << 20) // working_set, 1)  # so that distributing the work does not count

    def copy(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
        for _ in range(repeats):
            np.copyto(*pair)

    with ThreadPoolExecutor(threads) as pool:
        seconds = _fastest(lambda: list(pool.map(copy, pairs)))
    return 2 * part * threads * repeats / seconds


def _fastest(work: Callable[[], object]) -> float:
    """Returns the seconds of the fastest run within `SECONDS`; the first run is not counted."""
    work()
    runs: list[float] = []
    ended = perf_counter() + SECONDS
    while not runs or perf_counter() < ended:
        started = perf_counter()
        work()
        runs.append(perf_counter() - started)
    return min(runs)


if __name__ == "__main__":
    print(msgspec.json.encode(measure_peaks(int(sys.argv[1]))).decode())
