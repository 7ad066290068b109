"""What became of the layers in an ONNX file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import TensorProto

from .job import LayerCount

_FOUR_BITS = {TensorProto.INT4, TensorProto.UINT4}
_INTEGERS = {TensorProto.INT8, TensorProto.UINT8} | _FOUR_BITS
_LAYERS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
_ON_INTEGERS = {"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"}
_BY_FOUR_BITS = {"MatMulNBits"}
# Operators that may stand between the stored weights and the layer.
_RECONSTRUCTION = {"Cast", "DequantizeLinear", "Mul", "Reshape", "Transpose"}


def count_layers(path: Path) -> LayerCount:
    """Counts the convolutions and matrix products by constants, as :class:`LayerCount` says."""
    graph = onnx.load(path).graph
    origins = _Origins(graph)
    total = integer_weights = integer_arithmetic = four_bits = 0
    for node in graph.node:
        weights = [name for name in node.input[:2] if origins.stored_types(name)]
        if node.op_type in _ON_INTEGERS | _BY_FOUR_BITS:
            total += 1
            integer_weights += 1
            integer_arithmetic += node.op_type in _ON_INTEGERS
            four_bits += node.op_type in _BY_FOUR_BITS
        elif node.op_type in _LAYERS and weights:
            total += 1
            integer_weights += any(origins.stored_types(name) & _INTEGERS for name in weights)
            four_bits += any(origins.stored_types(name) & _FOUR_BITS for name in weights)
            integer_arithmetic += all(origins.dequantized(name) for name in node.input[:2])
    return LayerCount(total, integer_weights, integer_arithmetic, four_bits)


class _Origins:
    """Where a graph's tensors come from."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._made_by = {output: node for node in graph.node for output in node.output}
        self._constants = {tensor.name: tensor.data_type for tensor in graph.initializer}

    def dequantized(self, name: str) -> bool:
        """Returns whether a tensor holds integers made float right before its reader, which runtimes fuse."""
        node = self._made_by.get(name)
        return node is not None and node.op_type == "DequantizeLinear"

    def stored_types(self, name: str) -> set[int]:
        """Returns the types of the initializers that a constant is made of; empty for any other tensor."""
        types: set[int] = set()
        for source in self._sources(name):
            if source not in self._constants:
                return set()
            types.add(self._constants[source])
        return types

    def _sources(self, name: str) -> Iterator[str]:
        node = self._made_by.get(name)
        if node is None or node.op_type not in _RECONSTRUCTION:
            yield name
            return
        for source in node.input:
            if source:
                yield from self._sources(source)
