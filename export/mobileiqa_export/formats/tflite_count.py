"""What became of the layers in a TFLite file."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_bytearray_to_object

from .job import LayerCount

_CODES = schema.BuiltinOperator
_LAYERS = {
    _CODES.BATCH_MATMUL,
    _CODES.CONV_2D,
    _CODES.CONV_3D,
    _CODES.DEPTHWISE_CONV_2D,
    _CODES.FULLY_CONNECTED,
    _CODES.TRANSPOSE_CONV,
}
_INTEGERS = {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT4}


def count_layers(path: Path) -> LayerCount:
    """Counts the convolutions and matrix products by constants, as :class:`LayerCount` says."""
    model = convert_bytearray_to_object(path.read_bytes())
    counts = [_count(graph, model.operatorCodes) for graph in model.subgraphs]
    return LayerCount(*(sum(numbers) for numbers in zip(*map(astuple, counts), strict=True)))


def _count(graph: Any, operator_codes: Any) -> LayerCount:
    """Counts the layers of one subgraph: the model itself, or the body of a composite operator."""
    codes = [operator_codes[operator.opcodeIndex].builtinCode for operator in graph.operators]
    computed = {index for operator in graph.operators for index in operator.outputs} | {*graph.inputs}
    stored = {index: tensor.type for index, tensor in enumerate(graph.tensors) if index not in computed}
    for operator, code in zip(graph.operators, codes, strict=True):
        if code == _CODES.DEQUANTIZE and operator.inputs[0] in stored:
            stored[operator.outputs[0]] = stored[operator.inputs[0]]
    total = integer_weights = integer_arithmetic = 0
    for operator, code in zip(graph.operators, codes, strict=True):
        factors = _factors(operator, code)
        weights = [stored[index] for index in factors if index in stored]
        if code not in _LAYERS or not weights:
            continue
        total += 1
        integer_weights += any(kind in _INTEGERS for kind in weights)
        # With float activations and integer weights, the kernel itself rounds the activations to integers.
        integer_arithmetic += any(graph.tensors[index].type in _INTEGERS for index in factors)
    return LayerCount(total, integer_weights, integer_arithmetic)


def _factors(operator: Any, code: int) -> list[int]:
    """Returns the tensors that are multiplied; the first input of a transposed convolution is a shape."""
    return list(operator.inputs[1:3] if code == _CODES.TRANSPOSE_CONV else operator.inputs[:2])
