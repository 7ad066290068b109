"""Convolutions and matrix products in int8, with activation ranges that calibration photos gave."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._onnxruntime import submodule

from .._vendor import QDQ_QUANTIZER
from ..errors import ExportError
from . import onnx_int8_weights
from .job import Job
from .onnx_calibration import ranges
from .onnx_graph import matrix_products, nodes_of, replace

_quantization = submodule("quantization")

# Operators that onnxruntime computes directly on integers, one value at a time.
PASSING = {"Relu", "Add", "Concat", "Slice"}
INFERRED = {"onnx.infer": "onnxruntime.quant"}


def convert(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Quantizes in QDQ form: uint8 activations, int8 weights with a scale for each output channel.

    Unsigned times signed is what x86 has an instruction for. Integers pass through convolutions and the
    operators between them. A matrix product returns floats, since softmax and the residuals around it need
    them. Large weights of everything that stays float are stored as int8.

    Raises:
        ExportError: there are no calibration photos.
    """
    if not job.calibration:
        raise ExportError("int8-static needs calibration photos; give some, or take int8-dynamic")
    model = onnx.shape_inference.infer_shapes(model)
    _widen_biases(model, set(matrix_products(model, job)))
    nodes = _chosen(model, job)
    if nodes:
        model = _quantize(model, nodes, job)
    return onnx_int8_weights.convert(model, job)


def _chosen(model: onnx.ModelProto, job: Job) -> list[onnx.NodeProto]:
    """Returns the nodes that run on integers: convolutions of maps, large products, and what is between
    them.
    """
    kept, products = nodes_of(model, job.spared), set(matrix_products(model, job))
    constants = {tensor.name for tensor in model.graph.initializer}
    maps = _maps(model)
    integers: set[str] = set()
    chosen = []
    for node in model.graph.node:
        inputs = [name for name in node.input if name not in constants]
        passes = node.op_type in PASSING and bool(inputs) and integers.issuperset(inputs)
        convolves = node.op_type == "Conv" and node.output[0] in maps and node.input[1] in constants
        if node.name in kept or not (passes or convolves or node.name in products):
            continue
        chosen.append(node)
        if node.name not in products:
            integers.update(node.output)
    return chosen


def _widen_biases(model: onnx.ModelProto, products: set[str]) -> None:
    """Reshapes 1-D biases to the rank of the MatMul output.

    Otherwise onnxruntime fuses MatMul + Add into Gemm before QDQ fusion, finds no integer pattern, and
    dequantizes the weight on every run.
    """
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in model.graph.value_info}
    made = {node.output[0] for node in model.graph.node if node.name in products}
    vectors = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 1}
    for node in model.graph.node:
        if node.op_type != "Add":
            continue
        for product, bias in (node.input, node.input[::-1]):
            if product in made and bias in vectors and ranks.get(product, 0) > 2:
                values = numpy_helper.to_array(vectors[bias])
                wide = numpy_helper.from_array(
                    values.reshape(*[1] * (ranks[product] - 1), -1), f"{node.name}.bias"
                )
                model.graph.initializer.append(wide)
                node.input[list(node.input).index(bias)] = wide.name
    _drop_unread(model)


def _maps(model: onnx.ModelProto) -> set[str]:
    """Returns the names of tensors with more than one position; a free side may be of any length.

    The convolutions of a gate have one position only: they are too quick to be worth the conversions.
    """
    sizes = {
        value.name: [side.dim_value or math.inf for side in value.type.tensor_type.shape.dim]
        for value in model.graph.value_info
    }
    return {name for name, size in sizes.items() if len(size) == 4 and size[2] * size[3] > 1}


def _quantize(model: onnx.ModelProto, nodes: list[onnx.NodeProto], job: Job) -> onnx.ModelProto:
    overrides = {
        name: [{"scale": np.array(1, np.float32), "zero_point": np.array(zero, np.uint8)}]
        for name, (_, zero) in _centred_pixels(model).items()
    }
    tensors = {name for node in nodes for name in (*node.input, *node.output)}
    with quiet():
        tensor_ranges = ranges(model, tensors, job.calibration)
        onnx.helper.set_model_props(model, INFERRED)
        quantizer = QDQ_QUANTIZER.load()(
            model,
            per_channel=True,
            reduce_range=False,
            weight_qType=_quantization.QuantType.QInt8,
            activation_qType=_quantization.QuantType.QUInt8,
            tensors_range=tensor_ranges,
            nodes_to_quantize=[node.name for node in nodes],
            nodes_to_exclude=[],
            op_types_to_quantize=sorted({node.op_type for node in nodes}),
            extra_options={
                "OpTypesToExcludeOutputQuantization": ["MatMul"],
                "TensorQuantOverrides": overrides,
            },
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
    quantized: onnx.ModelProto = quantizer.model.model
    _feed_pixels(quantized)
    return quantized


def _centred_pixels(model: onnx.ModelProto) -> dict[str, tuple[str, int]]:
    """Maps tensors of centred float pixels to the uint8 pixels they come from and the mean that was
    subtracted.

    If that mean is a whole number, uint8 with scale 1 and the mean as zero point is exact.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    casts = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Cast"}
    centred = {}
    for node in model.graph.node:
        if node.op_type == "Sub" and node.input[0] in casts and node.input[1] in constants:
            means = np.unique(numpy_helper.to_array(constants[node.input[1]]))
            if means.size == 1 and means[0] in range(256):
                centred[node.output[0]] = (casts[node.input[0]], int(means[0]))
    return centred


def _feed_pixels(model: onnx.ModelProto) -> None:
    """Lets the first convolution read the pixels directly, without Cast, Sub and QuantizeLinear."""
    centred = _centred_pixels(model)
    same = {
        node.output[0]: centred[node.input[0]][0]
        for node in model.graph.node
        if node.op_type == "QuantizeLinear" and node.input[0] in centred
    }
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = same.get(name, name)
    _drop_unread(model)


def _drop_unread(model: onnx.ModelProto) -> None:
    read = {value.name for value in model.graph.output}
    nodes = []
    for node in reversed(model.graph.node):
        if read.intersection(node.output):
            nodes.append(node)
            read.update(node.input)
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in read]
    replace(model, tensors, nodes[::-1])
