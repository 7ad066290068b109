"""Weights stored as float16."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .job import Job
from .onnx_graph import MIN_WEIGHTS, store, weights

MAX_FP16 = float(np.finfo(np.float16).max)


def convert(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Returns the model with large weights as float16, each behind a ``Cast``; the arithmetic stays float32.

    onnxruntime folds the casts when it loads the file, so it runs as the float32 file does. Arithmetic
    in float16 would be slower on its CPU provider, which has few float16 kernels and inserts casts around
    every operator that lacks one. Weights beyond 65504 stay float32.
    """
    stored_as, casts = {}, []
    for tensor, _ in weights(model, job, MIN_WEIGHTS):
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() > MAX_FP16:
            continue
        stored = f"{tensor.name}.fp16"
        stored_as[tensor.name] = [numpy_helper.from_array(values.astype(np.float16), stored)]
        casts.append(
            helper.make_node("Cast", [stored], [tensor.name], f"{stored}/Cast", to=TensorProto.FLOAT)
        )
    store(model, stored_as, casts)
    return model
