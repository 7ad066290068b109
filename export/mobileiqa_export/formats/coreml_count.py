"""What became of the layers in a Core ML package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobileiqa_mil.package import Package

from .job import LayerCount

_WEIGHTS = {
    "conv": ("weight",),
    "conv_transpose": ("weight",),
    "linear": ("weight",),
    "matmul": ("x", "y"),
}
_DATA = {"conv": ("x",), "conv_transpose": ("x",), "linear": ("x",), "matmul": ("x", "y")}
_FLOATS = {"const", "constexpr_cast"}
_TABLES = {"constexpr_lut_to_dense"}
"""Weights as 4-bit indices into tables of 16 values."""


def count_layers(path: Path) -> LayerCount:
    """Counts the convolutions and matrix products by constants, as :class:`LayerCount` says."""
    function = Package(path).model.mlProgram.functions["main"]
    operations = function.block_specializations[function.opset].operations
    made_by = {output.name: operation.type for operation in operations for output in operation.outputs}
    total = integer_weights = integer_arithmetic = four_bits = 0
    for operation in operations:
        weights = _makers(operation, _WEIGHTS, made_by)
        constants = [kind for kind in weights if kind == "const" or kind.startswith("constexpr_")]
        if not constants:
            continue
        total += 1
        compressed = any(kind not in _FLOATS for kind in constants)
        integer_weights += compressed
        four_bits += any(kind in _TABLES for kind in constants)
        integer_arithmetic += compressed and "dequantize" in _makers(operation, _DATA, made_by)
    return LayerCount(total, integer_weights, integer_arithmetic, four_bits)


def _makers(operation: Any, parameters: dict[str, tuple[str, ...]], made_by: dict[str, str]) -> list[str]:
    """Returns the kinds of the operations that make some arguments of an operation."""
    names = [
        argument.name
        for parameter in parameters.get(operation.type, ())
        if parameter in operation.inputs
        for argument in operation.inputs[parameter].arguments
    ]
    return [made_by.get(name, "") for name in names]
