"""ONNX through torch.export, checked, with the contract in its metadata."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from mobileiqa_sdk.contract import METADATA_KEY, ModelContract

# From 20 on GELU is one operator; decomposed it costs a third more time.
OPSET = 20


def save_onnx(network: nn.Module, contract: ModelContract, folder: Path) -> Path:
    """Write ``model.onnx`` into the folder: uint8 ``pixels`` [1, H, W, 3] -> float32 ``score`` [1]."""
    model = _to_onnx(network, (1, contract.input.height, contract.input.width, 3))
    onnx.helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    path = folder / "model.onnx"
    onnx.save(model, path)
    return path


def _to_onnx(network: nn.Module, shape: tuple[int, ...]) -> onnx.ModelProto:
    example = torch.zeros(shape, dtype=torch.uint8)
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)  # it warns of every torchvision operator it cannot find
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore", FutureWarning)
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=["pixels"],
                output_names=["score"],
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    assert program is not None  # noqa: S101 - for the type checker: dynamo always returns one
    model: onnx.ModelProto = program.model_proto
    _anonymise(model)
    return model


def _anonymise(model: onnx.ModelProto) -> None:
    """Drop what names the exporting machine: stack traces with paths, and inferred shapes.

    The shapes also stop onnxruntime's quantizer, which wants to infer its own.
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
