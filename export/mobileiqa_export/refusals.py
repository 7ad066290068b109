"""Finds the operator that a runtime refuses to run, and the module of the network that it comes from."""

from __future__ import annotations

import re
from pathlib import Path

from torch import nn

from .blame import place

# By the names that formats/onnx_graph.py gave the nodes.
_ONNXRUNTIME = re.compile(r"implementation for (\w+)\(\d+\) node with name '([^'/]*)/")
_LITERT = re.compile(r"Node number (\d+) \((\w+)\) failed to|builtin opcode '(\w+)'")


def refused_operator(file: Path, network: nn.Module, error: Exception) -> str | None:
    """Returns the operator that a runtime's error names by its place in the file, and the module it is in.

    Args:
        file: that the runtime does not run.
        network: that the file was made from.
        error: the runtime's.

    Returns:
        None if the error names no place in the file, or the place no module.
    """
    text = str(error)
    if match := _ONNXRUNTIME.search(text):
        operator, name = match.groups()
    elif match := _LITERT.search(text):
        operator = match[2] or match[3]
        name = _module_in_tflite(file, network, operator, int(match[1]) if match[1] else None)
    else:
        return None
    module = dict(network.named_modules()).get(name)
    return f"{operator} in {place(name, module)}" if module else None


def _module_in_tflite(file: Path, network: nn.Module, operator: str, number: int | None) -> str:
    """Returns the innermost module that computes the result of an operator; empty if there is none.

    Args:
        file: of TFLite.
        network: that the file was made from.
        operator: TFLite's name of it.
        number: of the operator in the file; None for the first of this name.
    """
    # Here, as a file of TFLite that was run says that they are installed.
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools.flatbuffer_utils import convert_bytearray_to_object

    from .formats.tflite_scopes import Scopes

    model = convert_bytearray_to_object(file.read_bytes())
    graph, code = model.subgraphs[0], getattr(schema.BuiltinOperator, operator, None)
    for place_in_file, node in enumerate(graph.operators):
        if number in (None, place_in_file) and model.operatorCodes[node.opcodeIndex].builtinCode == code:
            result = graph.tensors[node.outputs[0]].name.decode()
            inside = [name for name, _ in network.named_modules() if Scopes(network, [name]).hold(result)]
            return max(inside, key=len, default="")
    return ""
