"""An ONNX file in OpenVINO, on the CPU, tuned for latency."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from .pixels import PixelEngine

# If this package were there, importing OpenVINO would write an identifier to the home folder and send it.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402 - after the line above


def load(path: Path, threads: int, runtime: str | None) -> PixelEngine:
    """Loads a file whose input is uint8 [1, height, width, 3], as `mobileiqa export` writes it."""
    # Requests fp32, because OpenVINO would choose bfloat16 on CPUs that support it.
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    model = openvino.Core().compile_model(str(path), "CPU", settings)
    _, height, width, _ = model.input(0).shape
    request = model.create_infer_request()
    return PixelEngine(
        height, width, lambda pixels: np.asarray(next(iter(request.infer([pixels[np.newaxis]]).values())))
    )
