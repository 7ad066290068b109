"""Tiny TFLite artifacts of a few operators: the score is the mean brightness of the resized photo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mobileiqa_sdk.runtimes.tflite_file import attach

from . import artifacts

_TYPES = {np.float32: 0, np.int32: 2, np.uint8: 3, np.int8: 9}
_CODES = (
    schema.BuiltinOperator.CAST,
    schema.BuiltinOperator.MEAN,
    schema.BuiltinOperator.MUL,
    schema.BuiltinOperator.RESHAPE,
)


def flatbuffer(
    *,
    dtype: type = np.uint8,
    shape: Sequence[int] = (1, artifacts.HEIGHT, artifacts.WIDTH, 3),
    scale: float = 1 / 255,
    scores: int = 1,
    out_dtype: type = np.float32,
    extra_input: bool = False,
    extra_output: bool = False,
    mean_first: bool = False,
    output_names: Sequence[str] = (),
    signature: Sequence[int] | None = None,
) -> bytes:
    """A model without a contract: CAST, MEAN, MUL by ``scale`` repeated ``scores`` times, and CAST.

    With ``mean_first``, the mean is an output before the score. ``output_names`` are those of a signature.
    """
    model = schema.ModelT()
    model.version, model.description = 3, b"tiny"
    graph = schema.SubGraphT()
    graph.name = b"main"
    model.buffers, graph.tensors, graph.operators = [schema.BufferT()], [], []
    model.operatorCodes = [_code(code) for code in _CODES]

    def tensor(name: str, kind: type, sides: Sequence[int], values: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.type, made.shape = name.encode(), _TYPES[kind], list(sides)
        made.buffer = 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operator(code: int, inputs: list[int], output: int, options: Any, kind: int) -> None:
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = _CODES.index(code), inputs, [output]
        made.builtinOptions, made.builtinOptionsType = options, kind
        graph.operators.append(made)

    pixels = tensor("pixels", dtype, shape)
    floats = tensor("floats", np.float32, shape)
    if signature is not None:  # -1 for a side that may change
        for index in (pixels, floats):
            graph.tensors[index].shapeSignature = list(signature)
    axes = tensor("axes", np.int32, (3,), np.array([1, 2, 3], np.int32))
    mean = tensor("mean", np.float32, (1,))
    factor = tensor("factor", np.float32, (scores,), np.full(scores, scale, np.float32))
    scaled = tensor("scaled", np.float32, (scores,))
    score = tensor("score", out_dtype, (scores,))
    cast, reducer, mul = schema.CastOptionsT(), schema.ReducerOptionsT(), schema.MulOptionsT()
    options = schema.BuiltinOptions
    operator(schema.BuiltinOperator.CAST, [pixels], floats, cast, options.CastOptions)
    operator(schema.BuiltinOperator.MEAN, [floats, axes], mean, reducer, options.ReducerOptions)
    operator(schema.BuiltinOperator.MUL, [mean, factor], scaled, mul, options.MulOptions)
    operator(schema.BuiltinOperator.CAST, [scaled], score, schema.CastOptionsT(), options.CastOptions)
    graph.inputs, graph.outputs = [pixels], [score]
    if extra_input:
        graph.inputs.append(tensor("more", np.float32, (1,)))
    if extra_output:
        graph.outputs.append(scaled)
    if mean_first:
        graph.outputs.insert(0, mean)
    if output_names:
        model.signatureDefs = [_signature(pixels, dict(zip(output_names, graph.outputs, strict=True)))]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _signature(pixels: int, outputs: dict[str, int]) -> Any:
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = b"serving_default", 0
    made.inputs, made.outputs = [_named_tensor("pixels", pixels)], []
    for name, index in outputs.items():
        made.outputs.append(_named_tensor(name, index))
    return made


def _named_tensor(name: str, index: int) -> Any:
    made = schema.TensorMapT()
    made.name, made.tensorIndex = name.encode(), index
    return made


def _code(code: int) -> Any:
    made = schema.OperatorCodeT()
    made.builtinCode, made.deprecatedBuiltinCode, made.version = code, code, 1
    return made


def model(metadata: str | dict[str, Any] | None = None, **changes: Any) -> bytes:
    """The bytes of a model file with a contract: text, JSON values, or None for the one that it keeps."""
    values = artifacts.contract() if metadata is None else metadata
    return attach(flatbuffer(**changes), values if isinstance(values, str) else json.dumps(values))


def save(folder: Path, data: bytes | None = None) -> Path:
    """Write a model file and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.tflite"
    file.write_bytes(model() if data is None else data)
    return file
