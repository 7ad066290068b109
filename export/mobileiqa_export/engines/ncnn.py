"""A network converted by pnnx, in ncnn, in float32."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobileiqa_bench.engines import Entry
from mobileiqa_bench.errors import BenchmarkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mobileiqa_bench.engines.pixels import PixelEngine

ENTRY = Entry("mobileiqa_export.engines.ncnn", "ncnn", "ncnn pnnx")


def load(path: Path, threads: int, runtime: str | None) -> PixelEngine:
    """Loads a folder made by `ncnn_convert`. Raises BenchmarkError if ncnn does not support an operator."""
    import ncnn
    import numpy as np

    from mobileiqa_bench.engines.pixels import PixelEngine, read_size

    network = ncnn.Net()
    network.opt.num_threads = threads
    network.opt.use_vulkan_compute = False
    for option in ("packed", "storage", "arithmetic"):
        setattr(network.opt, f"use_fp16_{option}", False)
    if network.load_param(str(path / "model.ncnn.param")) or network.load_model(str(path / "model.ncnn.bin")):
        raise BenchmarkError("ncnn cannot load what pnnx made of the network")
    height, width = read_size(path)

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        extractor = network.create_extractor()
        extractor.input("in0", ncnn.Mat.from_pixels(pixels, ncnn.Mat.PixelType.PIXEL_RGB, width, height))
        status, opinions = extractor.extract("out0")
        if status:
            raise BenchmarkError(f"ncnn cannot run the network (status {status})")
        return np.array(opinions)

    return PixelEngine(height, width, run)
