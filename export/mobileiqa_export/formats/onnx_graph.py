"""What every precision asks of an ONNX graph: the module of a node, and which tensors are weights."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import onnx
from torch import nn

from .._vendor import ONNX_SCOPES
from .job import MIN_INTEGERS, Job, is_inside

MIN_WEIGHTS = 1024
"""Elements. Smaller tensors stay float32: there is next to nothing to save."""


class Weight(NamedTuple):
    """A large parameter of the network.

    Attributes:
        tensor: float32, two or more axes.
        axis: of the output channels.
    """

    tensor: onnx.TensorProto
    axis: int


def name_nodes(model: onnx.ModelProto, network: nn.Module) -> None:
    """Names every node ``module/Operator``; the second and later nodes of a name get a number.

    The module is the one whose ``forward`` was running, or the one inside it that owns the weight.
    Profilers show these names, and :func:`nodes_of` finds modules by them.
    """
    owners = {name: name.rpartition(".")[0] for name, _ in network.named_parameters()}
    modules: dict[str, str] = {}  # of the node that makes a tensor
    counts: Counter[str] = Counter()
    for node in model.graph.node:
        scopes = {entry.key: entry.value for entry in node.metadata_props}.get(ONNX_SCOPES)
        if scopes is None:  # the exporter's own passes leave none on what they insert
            module = next((modules[name] for name in node.input if name in modules), "")
        else:
            module = ast.literal_eval(scopes)[-2]
        for name in node.input:
            if name in owners and is_inside(owners[name], [module]):
                module = owners[name]
        modules.update(dict.fromkeys(node.output, module))
        node.name = f"{module}/{node.op_type}"
        counts[node.name] += 1
        if counts[node.name] > 1:
            node.name += f"_{counts[node.name]}"


def put_in_depth_first_order(model: onnx.ModelProto) -> None:
    """Orders the nodes so that what an input of a node needs is finished before its next input is begun.

    So a map is let go of once those who read it are done: the published student's first one, of 38 MB, while
    the backbone is at its second. Quantizers leave an order in which all bands of a map exist at once.
    """
    makers = {name: node for node in model.graph.node for name in node.output if name}
    ordered: dict[int, onnx.NodeProto] = {}
    pending = [(output.name, False) for output in reversed(model.graph.output)]
    while pending:
        name, inputs_are_done = pending.pop()
        node = makers.get(name)
        if node is None or id(node) in ordered:
            continue
        if inputs_are_done:
            ordered[id(node)] = node
            continue
        pending.append((name, True))
        pending.extend((source, False) for source in reversed(list(_read_by(node))))
    graph = onnx.GraphProto()
    graph.node.extend(ordered.values())
    model.graph.ClearField("node")
    model.graph.MergeFrom(graph)


def _read_by(node: onnx.NodeProto) -> Iterator[str]:
    """Yields the tensors that a node reads: its inputs, and what graphs inside it take from around it."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for each in inner.node:
                yield from _read_by(each)


def nodes_of(model: onnx.ModelProto, modules: frozenset[str]) -> set[str]:
    """Returns the names of the nodes of these modules and of all modules inside them."""
    names = (node.name for node in model.graph.node)
    return {name for name in names if is_inside(name.partition("/")[0], modules)}


def weights(model: onnx.ModelProto, job: Job, at_least: int = MIN_INTEGERS) -> Iterator[Weight]:
    """Yields the parameters with at least ``at_least`` elements that may be stored in fewer bits.

    Left out are weights that a node in float reads, and the network's buffers: means, pooling matrices.
    """
    kept = nodes_of(model, job.keep_float)
    buffers = {name for name, _ in job.network.named_buffers()}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for tensor in model.graph.initializer:
        size = len(tensor.raw_data) // 4
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2 or size < at_least:
            continue
        users = readers.get(tensor.name, [])
        if tensor.name not in buffers and users and not any(user.name in kept for user in users):
            yield Weight(tensor, _output_axis(users[0], tensor))


def _output_axis(node: onnx.NodeProto, tensor: onnx.TensorProto) -> int:
    rank = len(tensor.dims)
    if node.op_type == "MatMul":
        return rank - 1 if node.input[1] == tensor.name else rank - 2
    if node.op_type == "Gemm":
        transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
        return 0 if transposed else 1
    return 0


def replace(model: onnx.ModelProto, tensors: list[onnx.TensorProto], nodes: list[onnx.NodeProto]) -> None:
    """Replaces the graph's initializers and nodes by these, which may include its own."""
    graph = onnx.GraphProto()
    graph.initializer.extend(tensors)
    graph.node.extend(nodes)
    for field in ("initializer", "node"):
        model.graph.ClearField(field)
    model.graph.MergeFrom(graph)


def store(
    model: onnx.ModelProto, stored: dict[str, list[onnx.TensorProto]], nodes: list[onnx.NodeProto]
) -> None:
    """Replaces initializers by their compressed form and inserts the nodes that reconstruct them."""
    tensors = [new for old in model.graph.initializer for new in stored.get(old.name, [old])]
    replace(model, tensors, [*nodes, *model.graph.node])


def split_gemm(model: onnx.ModelProto) -> None:
    """Splits every ``Gemm`` by a constant matrix into a ``MatMul`` and an ``Add``, which quantizers handle.

    onnxruntime fuses those that stay float again when it loads the file.
    """
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        transposed = settings.pop("transB", 0)
        plain = all(value == (0 if name == "transA" else 1) for name, value in settings.items())
        if node.op_type != "Gemm" or node.input[1] not in tensors or not plain:
            nodes.append(node)
            continue
        matrix = node.input[1]
        if transposed:
            matrix += ".T"
            if matrix not in tensors:  # several layers may share one
                values = onnx.numpy_helper.to_array(tensors[node.input[1]])
                tensors[matrix] = onnx.numpy_helper.from_array(np.ascontiguousarray(values.T), matrix)
        biased = len(node.input) > 2
        product = f"{node.output[0]}.product" if biased else node.output[0]
        nodes.append(
            onnx.helper.make_node("MatMul", [node.input[0], matrix], [product], f"{node.name}.MatMul")
        )
        if biased:
            nodes.append(
                onnx.helper.make_node("Add", [product, node.input[2]], node.output, f"{node.name}.Add")
            )
    read = {name for node in nodes for name in node.input}
    replace(model, [tensor for name, tensor in tensors.items() if name in read], nodes)


def matrix_products(model: onnx.ModelProto, job: Job) -> list[str]:
    """Returns the names of the nodes to quantize: products by a large constant matrix on the right."""
    matrices = {weight.tensor.name for weight in weights(model, job)}
    spared = nodes_of(model, job.spared)
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in matrices and node.name not in spared
    ]
