"""Matrix products by 4-bit weights."""

from __future__ import annotations

import onnx

from mobileiqa_sdk._noise import quiet

from .._vendor import NBITS_QUANTIZER
from . import onnx_int8_weights
from .job import Job
from .onnx_graph import matrix_products, split_gemm

BLOCK = 32


def convert(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Returns the model with large constant matrices in 4 bits; blocks of 32 inputs share a scale and a zero
    point.

    onnxruntime multiplies by them without unpacking (``MatMulNBits``), so they stay small in memory too.
    Every other large weight is stored as int8.
    """
    split_gemm(model)
    if products := set(matrix_products(model, job)):
        others = [node.name for node in model.graph.node if node.name not in products]
        model = _quantize(model, others)
    return onnx_int8_weights.convert(model, job)


def _quantize(model: onnx.ModelProto, excluded: list[str]) -> onnx.ModelProto:
    with quiet():
        quantizer = NBITS_QUANTIZER.load()(model, bits=4, block_size=BLOCK, nodes_to_exclude=excluded)
        quantizer.process()
    quantized: onnx.ModelProto = quantizer.model.model
    return quantized
