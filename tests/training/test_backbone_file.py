from __future__ import annotations

from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

from mobileiqa_export.student import BACKBONES
from training.backbone_file import BACKBONE, Operator, _operators, expected_operators, read_backbone_weights
from training.errors import BackboneFileError


def test_operators_follow_the_published_block_table() -> None:
    operators = expected_operators(BACKBONES[BACKBONE].build())
    convolutions = [operator for operator in operators if operator.key]
    assert len(convolutions) == 1 + 2 + 14 * 3 + 1
    assert len(operators) - len(convolutions) == 10
    assert str(convolutions[0]) == "CONV_2D [16, 3, 3, 3] stride 2 with ReLU"
    assert [str(operator) for operator in operators[1:4]] == [
        "DEPTHWISE_CONV_2D [16, 1, 3, 3] stride 1 with ReLU",
        "CONV_2D [16, 16, 1, 1] stride 1",
        "ADD",
    ]
    assert str(operators[-1]) == "CONV_2D [960, 160, 1, 1] stride 1 with ReLU"
    assert [
        operator.shape[0] for operator in convolutions if operator.depthwise and operator.stride == 2
    ] == [
        64,
        72,
        240,
        672,
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BackboneFileError, match=r"none\.tflite"):
        read_backbone_weights(tmp_path / "none.tflite")


def test_another_file_is_refused_by_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(b"not the backbone")
    with pytest.raises(BackboneFileError, match="sha256"):
        read_backbone_weights(path)


def test_garbage_is_not_a_flatbuffer(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(BackboneFileError, match="TFL3"):
        read_backbone_weights(path, sha256=None)


@pytest.mark.parametrize("content", [b"", b"\x10\x00\x00\x00TFL3", b"\xff\xff\xff\x7fTFL3" + bytes(64)])
def test_a_damaged_flatbuffer(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)
    with pytest.raises(BackboneFileError):
        read_backbone_weights(path, sha256=None)


def quantized(values: np.ndarray, scale: float, zero_point: int, schema: Any) -> tuple[Any, Any]:
    """A constant tensor of a TensorFlow Lite file, and its buffer."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    tensor = schema.TensorT()
    tensor.shape = list(values.shape)
    tensor.type = schema.TensorType.UINT8 if values.dtype == np.uint8 else schema.TensorType.INT32
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
    return tensor, buffer


def convolution_file(kind: str, weight: np.ndarray, bias: np.ndarray, output_zero: int, stride: int) -> bytes:
    """A TensorFlow Lite file of one convolution, with weights of scale 0.5 and zero point 3."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    constants = [
        quantized(np.zeros(1, np.uint8), 1.0, 0, schema),
        quantized(weight, 0.5, 3, schema),
        quantized(bias, 0.25, 0, schema),
        quantized(np.zeros(1, np.uint8), 1.0, output_zero, schema),
    ]
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, model.buffers = [tensor for tensor, _ in constants], [buffer for _, buffer in constants]
    for index, tensor in enumerate(graph.tensors):
        tensor.buffer = index
    operator, code = schema.OperatorT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.SAME, stride, stride
    operator.builtinOptions = options
    name = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    graph.operators, graph.inputs, graph.outputs = [operator], [0], [3]
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def only_operator(content: bytes) -> Operator:
    (operator,) = _operators(content)
    return operator


def test_weights_are_dequantized_and_put_into_torch_order() -> None:
    weight = np.arange(2 * 3 * 3 * 4, dtype=np.uint8).reshape(2, 3, 3, 4)
    bias = np.array([-4, 8], np.int32)
    operator = only_operator(convolution_file("CONV_2D", weight, bias, 0, 2))
    assert str(operator) == "CONV_2D [2, 4, 3, 3] stride 2 with ReLU"
    np.testing.assert_array_equal(operator.weight[1, 2], (weight[1, :, :, 2].astype(float) - 3) * 0.5)
    np.testing.assert_array_equal(operator.bias, [-1.0, 2.0])


def test_depthwise_weights_have_a_filter_per_channel() -> None:
    weight = np.arange(3 * 3 * 4, dtype=np.uint8).reshape(1, 3, 3, 4)
    operator = only_operator(convolution_file("DEPTHWISE_CONV_2D", weight, np.zeros(4, np.int32), 7, 1))
    assert str(operator) == "DEPTHWISE_CONV_2D [4, 1, 3, 3] stride 1"
    np.testing.assert_array_equal(operator.weight[2, 0], (weight[0, :, :, 2].astype(float) - 3) * 0.5)


def test_another_network_is_refused(tmp_path: Path) -> None:
    weight = np.zeros((2, 3, 3, 4), np.uint8)
    path = tmp_path / "other.tflite"
    path.write_bytes(convolution_file("CONV_2D", weight, np.zeros(2, np.int32), 0, 2))
    with pytest.raises(BackboneFileError, match="1 operators"):
        read_backbone_weights(path, sha256=None)
