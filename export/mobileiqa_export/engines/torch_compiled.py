"""A checkpoint in PyTorch, compiled by `torch.compile`, which needs a C++ compiler on the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mobileiqa_bench.engines import Entry

from . import torch_eager

if TYPE_CHECKING:
    from mobileiqa_bench.engines.pixels import PixelEngine

ENTRY = Entry("mobileiqa_export.engines.torch_compiled", "torch", "mobileiqa-sdk[export]")


def load(path: Path, threads: int, runtime: str | None) -> PixelEngine:
    """Loads as `torch_eager` does; the first run compiles. Raises CheckpointError."""
    return torch_eager.load(path, threads, runtime, compiled=True)
