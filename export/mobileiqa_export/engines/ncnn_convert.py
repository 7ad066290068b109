"""Converts a checkpoint to ncnn: ``python -m mobileiqa_export.engines.ncnn_convert CHECKPOINT FOLDER``."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import pnnx
import torch
from torch import Tensor

from mobileiqa_bench.engines.pixels import write_size
from mobileiqa_bench.errors import BenchmarkError

from ..checkpoint import load_student
from .from_pixels import FromPixels


def convert(checkpoint: Path, folder: Path) -> None:
    """Writes ``model.ncnn.param`` and ``model.ncnn.bin``. Raises CheckpointError, BenchmarkError."""
    loaded = load_student(checkpoint)
    height, width = loaded.config.input_size
    traced = folder / "model.pt"
    # pnnx knows `view` and not `view_as`, which is a view of the other's shape.
    with (
        mock.patch.object(Tensor, "view_as", lambda one, other: one.view(other.shape)),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # tracing fixes the shapes, as it should here
        network = FromPixels(loaded).eval()
        torch.jit.save(torch.jit.trace(network, torch.zeros(1, 3, height, width), check_trace=False), traced)  # type: ignore[no-untyped-call]
    command = [pnnx.EXEC_PATH, traced.name, f"inputshape=[1,3,{height},{width}]", "fp16=0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode or not (folder / "model.ncnn.bin").is_file():
        raise BenchmarkError(f"pnnx cannot convert the network (exit status {done.returncode})")
    kept = [f"model.ncnn.{suffix}" for suffix in ("param", "bin")]
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    write_size(folder, (height, width))


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
