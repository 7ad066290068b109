"""An ONNX file in onnxruntime with nothing but the thread count set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mobileiqa_sdk._onnxruntime import onnxruntime
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract

from .pixels import PixelEngine


def load(path: Path, threads: int, runtime: str | None) -> PixelEngine:
    """Loads a file whose input is uint8 [1, height, width, 3], as `mobileiqa export` writes it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    model_input = session.get_inputs()[0]
    _, height, width, _ = model_input.shape
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    return PixelEngine(
        height,
        width,
        lambda pixels: np.asarray(session.run(None, {model_input.name: pixels[np.newaxis]})[0]),
        ModelContract.from_json(text, str(path)) if text else None,
    )
