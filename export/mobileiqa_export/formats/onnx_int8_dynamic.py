"""Matrix products in int8, with activation ranges that are measured at inference."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._onnxruntime import submodule

from . import onnx_int8_weights
from .job import Job
from .onnx_graph import matrix_products, split_gemm


def convert(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Returns the model with products by large constant matrices in int8, and other large weights stored as
    int8.

    Convolutions keep float arithmetic: ``ConvInteger`` returns int32, so each would be followed by
    passes over its whole map, and onnxruntime has no blocked layout for it.
    """
    split_gemm(model)
    if products := matrix_products(model, job):
        model = _quantize(model, products, job.folder)
    return onnx_int8_weights.convert(model, job)


def _quantize(model: onnx.ModelProto, products: list[str], folder: Path) -> onnx.ModelProto:
    with quiet(), tempfile.TemporaryDirectory(dir=folder) as scratch:
        quantization = submodule("quantization")
        file = Path(scratch) / "model.onnx"
        quantization.quantize_dynamic(
            model,
            file,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=products,
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
        )
        return onnx.load(file)
