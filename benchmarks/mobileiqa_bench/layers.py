"""Every node of an ONNX artifact: ``python -m mobileiqa_bench.layers MODEL THREADS RUNS`` prints JSON.

onnxruntime rewrites the graph when it loads it and profiles what is left, with the shapes. A fused node
belongs to the module of the node it was made from; nodes that the runtime added belong to none.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

import numpy as np
import onnx

from mobileiqa_sdk._onnxruntime import onnxruntime
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.runtimes.onnx import Session, prepacks, session_options

from .fidelity.images import as_input

WARMUP = 3
LAYOUT, INSERTED = "(layout changes)", "(put in by the runtime)"

_INT8 = {
    "QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger", "DynamicQuantizeMatMul",
    "MatMulIntegerToFloat", "QGemm",
}  # fmt: skip
_CONVOLUTIONS = {"Conv": 1, "FusedConv": 1, "NhwcFusedConv": 1, "ConvInteger": 1, "QLinearConv": 3}
"""Convolutions, with the index of the weights [out, in / groups, height, width] among the inputs."""
_GEMMS = {"Gemm", "FusedGemm", "QGemm"}
_PRODUCTS = {
    "MatMul", "FusedMatMul", "MatMulNBits", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
    "QLinearMatMul",
}  # fmt: skip
_FREE = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"}
"""Operators that only reshape: nothing is moved."""
_PARTIAL = {"Slice", "Split", "Gather"}
"""Operators that read only as much of their input as they write."""

FUSED = 3
"""Most nodes that are fused into one: a convolution, an addition, an activation."""

Shape = Sequence[int]


class Node(NamedTuple):
    """A node as it was executed; see :class:`mobileiqa_bench.schema.Layer`."""

    name: str
    module: str
    op: str
    arithmetic: Literal["fp32", "int8"]
    seconds: float
    macs: int
    bytes: int


def profile(path: Path, threads: int, runs: int) -> list[Node]:
    """Returns the nodes in the order of execution, with median seconds. Raises ModelError."""
    spec = Session(path, threads).contract
    options = session_options(threads, prepacking=prepacks(spec.precision))
    options.enable_profiling = True
    pixels = as_input(golden_image(), spec.input)[np.newaxis]
    with tempfile.TemporaryDirectory() as scratch:
        options.profile_file_prefix = str(Path(scratch) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for _ in range(WARMUP + runs):
            session.run(None, {session.get_inputs()[0].name: pixels})
        events = json.loads(Path(session.end_profiling()).read_bytes())
    return nodes(events, onnx.load(path, load_external_data=False), WARMUP)


def nodes(events: Sequence[dict[str, Any]], model: onnx.ModelProto, warmup: int) -> list[Node]:
    """Returns the executed nodes: onnxruntime's profile joined with the graph it was given."""
    times: dict[tuple[str, str], list[float]] = {}
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            key = (event["name"].removesuffix("_kernel_time"), event["args"]["node_index"])
            times.setdefault(key, []).append(event["dur"] / 1e6)
            first.setdefault(key, event["args"])
    graph = _Graph(model)
    return [
        Node(
            name=name,
            module=graph.module(name, arguments["op_name"]),
            op=arguments["op_name"],
            arithmetic="int8" if arguments["op_name"] in _INT8 else "fp32",
            seconds=median(times[name, index][warmup:]),
            macs=graph.macs(name, arguments["op_name"], *map(_shapes, _in_and_out(arguments))),
            bytes=_bytes(arguments),
        )
        for (name, index), arguments in first.items()
    ]


def macs(op: str, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
    """Returns the multiply-accumulates of a node; 0 unless it is a convolution or a matrix product."""
    out = math.prod(outputs[0]) if outputs else 0
    if op in _CONVOLUTIONS:
        return out * math.prod(inputs[_CONVOLUTIONS[op]][1:])
    if op in _GEMMS:
        return out * (math.prod(inputs[0]) // outputs[0][0])
    if op in _PRODUCTS:
        left = inputs[0]
        # A fused product may read its left side transposed: [.., K, M] instead of [.., M, K].
        upright = len(left) < 2 or len(outputs[0]) < 2 or left[-2] == outputs[0][-2]
        return out * (left[-1] if upright else left[-2])
    return 0


def _in_and_out(arguments: dict[str, Any]) -> tuple[Any, Any]:
    return arguments.get("input_type_shape", []), arguments.get("output_type_shape", [])


def _shapes(typed: Sequence[dict[str, Shape]]) -> list[Shape]:
    return [shape for one in typed for shape in one.values()]


def _bytes(arguments: dict[str, Any]) -> int:
    """Returns the bytes read and written, each tensor counted once."""
    written = int(arguments["output_size"])
    if arguments["op_name"] in _FREE:
        return 0
    if arguments["op_name"] in _PARTIAL:
        return 2 * written
    return int(arguments["activation_size"]) + int(arguments["parameter_size"]) + written


class _Graph:
    """The graph as it was exported, where nodes are called ``module/Operator``."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._modules = {node.name.partition("/")[0] for node in model.graph.node if "/" in node.name}
        self._maker = {tensor: node for node in model.graph.node for tensor in node.output}
        self._sizes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}

    def module(self, name: str, op: str) -> str:
        """Returns the module of the network that an executed node belongs to."""
        module = name.removeprefix("fused ").partition("/")[0]
        if module in self._modules:
            return module
        # A node made from several is named after the tensor it writes, and so are the nodes around it.
        tensor = re.sub(r"(_nchwc|_(Dequantize|Quantize)Linear.*)$", "", name)
        if tensor in self._maker:
            return str(self._maker[tensor].name).partition("/")[0]
        return LAYOUT if op in ("ReorderInput", "ReorderOutput", "Transpose") else INSERTED

    def macs(self, name: str, op: str, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
        """Returns the network's multiply-accumulates, without the padding that blocked convolutions add."""
        weights = self._convolved_by(name.removesuffix("_nchwc")) if name.endswith("_nchwc") else None
        if weights is None:
            return macs(op, inputs, outputs)
        batch, _, *pixels = outputs[0]
        return macs(op, [inputs[0], weights], [[batch, weights[0], *pixels]])

    def _convolved_by(self, tensor: str) -> Shape | None:
        """Returns the shape of the weights of the nearest convolution that this tensor was computed by."""
        around = [tensor]
        for _ in range(FUSED):
            makers = [self._maker[name] for name in around if name in self._maker]
            for node in makers:
                if node.op_type == "Conv" and node.input[1] in self._sizes:
                    return self._sizes[node.input[1]]
            around = [name for node in makers for name in node.input]
        return None


if __name__ == "__main__":
    profiled = profile(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"nodes": [node._asdict() for node in profiled]}))
