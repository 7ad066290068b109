"""A checkpoint in PyTorch, compiled by `torch.compile`, which needs a C++ compiler on the machine."""

from __future__ import annotations

from pathlib import Path

from . import torch_eager
from .pixels import PixelEngine


def load(path: Path, threads: int, runtime: str | None) -> PixelEngine:
    """As `torch_eager`; the first run compiles. Raises CheckpointError."""
    return torch_eager.load(path, threads, runtime, compiled=True)
