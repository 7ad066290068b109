"""Weights stored as int8."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from . import onnx_fp16
from .job import Job
from .onnx_graph import Weight, store, weights


def convert(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Returns the model with large weights as int8, a scale for each output channel, and the others as
    float16.

    The arithmetic is float32: ``Cast`` and ``Mul`` make the weights float again, which onnxruntime folds
    when it loads the file. It folds ``DequantizeLinear`` only if its session options say so; otherwise that
    would run again for every photo and keep convolutions out of the blocked layout they are fastest in.
    """
    stored_as, nodes = {}, []
    for weight in weights(model, job):
        name = weight.tensor.name
        integers, scales = quantize(weight)
        stored = [
            numpy_helper.from_array(integers, f"{name}.int8"),
            numpy_helper.from_array(scales, f"{name}.scale"),
        ]
        stored_as[name] = stored
        cast = f"{name}.unscaled"
        nodes += [
            helper.make_node("Cast", [stored[0].name], [cast], f"{name}.int8/Cast", to=TensorProto.FLOAT),
            helper.make_node("Mul", [cast, stored[1].name], [name], f"{name}.int8/Mul"),
        ]
    store(model, stored_as, nodes)
    return onnx_fp16.convert(model, job)


def quantize(weight: Weight) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Returns symmetric int8 in -127..127 and, for each output channel, a float32 scale that broadcasts."""
    values = numpy_helper.to_array(weight.tensor)
    others = tuple(axis for axis in range(values.ndim) if axis != weight.axis)
    largest = np.abs(values).max(axis=others, keepdims=True)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(values / scales).astype(np.int8), scales
