"""A checkpoint in PyTorch, as its authors would run it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobileiqa_bench.engines import Entry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobileiqa_bench.engines.pixels import PixelEngine

ENTRY = Entry("mobileiqa_export.engines.torch_eager", "torch", "mobileiqa-sdk[export]")


def load(path: Path, threads: int, runtime: str | None, *, compiled: bool = False) -> PixelEngine:
    """Loads the network as trained, on the CPU, with or without `torch.compile`. Raises CheckpointError."""
    import torch

    from mobileiqa_bench.engines.pixels import PixelEngine

    from ..blocks.statistics import normalise
    from ..checkpoint import load_checkpoint
    from ..reference import opinions_in, with_bounds

    torch.set_num_threads(threads)
    loaded = load_checkpoint(path)
    statistics = loaded.config.statistics
    eager = with_bounds(loaded.network, loaded.config)
    network = torch.compile(eager) if compiled else eager

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        with torch.inference_mode():
            output = network(normalise(torch.from_numpy(pixels).permute(2, 0, 1)[None], statistics))
            return opinions_in(output).numpy()

    return PixelEngine(*loaded.config.input_size, run)
