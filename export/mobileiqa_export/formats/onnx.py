"""ONNX through torch.export, checked, with the contract in its metadata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from torch import nn

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract

from .._vendor import without_no_op_rules
from ..errors import ExportError
from .job import Job
from .onnx_bands import band_widest_map
from .onnx_count import count_layers
from .onnx_graph import name_nodes, put_in_depth_first_order
from .registry import FORMATS
from .sizes import example_pixels, free_sides

# From opset 20 on GELU is one operator; decomposed it takes a third more time.
OPSET = 20

Writer = Callable[[onnx.ModelProto, Job], onnx.ModelProto]
"""Returns the float32 model in another precision; the argument may be changed."""


def as_converted(model: onnx.ModelProto, job: Job) -> onnx.ModelProto:
    """Returns the float32 model as it is."""
    return model


def save(job: Job) -> Path:
    """Writes ``model.onnx`` into the folder: uint8 ``pixels`` [1, H, W, 3] -> float32 outputs [n] or [1, n].

    Raises:
        ExportError: a module to keep float is not in the network, or calibration photos are missing.
    """
    if absent := job.spared - {name for name, _ in job.network.named_modules()}:
        raise ExportError(f"the network has no module {min(absent)!r} to keep in float")
    write: Writer = FORMATS["onnx"].writer(job.precision)
    model = write(_to_onnx(job.network, job.contract), job)
    if job.contract.input.fit == "keep-aspect":
        band_widest_map(model)
    put_in_depth_first_order(model)
    _anonymise(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: job.contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    path = job.folder / "model.onnx"
    onnx.save(model, path)
    return path


def _to_onnx(network: nn.Module, contract: ModelContract) -> onnx.ModelProto:
    with torch.inference_mode(), without_no_op_rules(), quiet():
        program = torch.onnx.export(
            network,
            (example_pixels(contract.input),),
            dynamic_shapes=free_sides(contract.input),
            dynamo=True,
            opset_version=OPSET,
            input_names=["pixels"],
            output_names=[output.name for output in contract.outputs],
            verbose=False,
        )
    assert program is not None  # noqa: S101 - for the type checker: dynamo always returns one
    model: onnx.ModelProto = program.model_proto
    name_nodes(model, network)
    _anonymise(model)
    _name_free_sides(model)
    return model


def _name_free_sides(model: onnx.ModelProto) -> None:
    """Calls the sides of an input that takes any size ``height`` and ``width``."""
    sides = model.graph.input[0].type.tensor_type.shape.dim[1:3]
    for side, name in zip(sides, ("height", "width"), strict=True):
        if side.dim_param:
            side.dim_param = name


def _anonymise(model: onnx.ModelProto) -> None:
    """Removes what names the exporting machine (stack traces with paths), and inferred shapes.

    The shapes would also stop onnxruntime's quantizer, which insists on inferring its own.
    """
    del model.graph.value_info[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""


__all__ = ["Writer", "as_converted", "count_layers", "save"]
