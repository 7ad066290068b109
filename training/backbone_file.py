"""Google's quantized MobileNetV3-Large minimalistic (a .tflite file) -> float weights of ``MobileNetV3``.

The file is uint8 with one scale per tensor and BatchNorm already folded, so every weight is
(q - zero_point) * scale and every bias int32 * scale. Its operators run in the order in which
``MobileNetV3`` declares its convolutions; the two lists are compared operator by operator before any
weight is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tflite
import torch
from torch import Tensor, nn

from mobileiqa_export.student import BACKBONES
from mobileiqa_export.student.backbones import Backbone
from mobileiqa_export.student.mobilenetv3 import FirstBlock, InvertedResidual

from .errors import BackboneFileError

BACKBONE = "mobilenetv3-large-minimalistic"
"""The key of the recipe's backbone in ``mobileiqa_export.student.BACKBONES``."""
SHA256 = "62307453547ae5871dbb07b5be79c05c253fafeddeedccf9905b2c98f184749b"

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ExpectedOperator:
    """What one operator of the file must look like.

    Attributes:
        key: of the convolution in ``MobileNetV3``; empty for a residual addition.
        shape: of its weight in PyTorch's order, [out, in / groups, k, k].
        stride: of the convolution.
        depthwise: whether it has one filter per channel.
        rectified: whether ReLU follows. The file has no activations: an output zero point of 0 clips at
            zero.
    """

    key: str = ""
    shape: tuple[int, ...] = ()
    stride: int = 1
    depthwise: bool = False
    rectified: bool = False

    def __str__(self) -> str:
        if not self.key:
            return "ADD"
        kind = "DEPTHWISE_CONV_2D" if self.depthwise else "CONV_2D"
        relu = " with ReLU" if self.rectified else ""
        return f"{kind} {list(self.shape)} stride {self.stride}{relu}"


def read_backbone_weights(path: str | Path, *, sha256: str | None = SHA256) -> dict[str, Tensor]:
    """Reads the state_dict of ``BACKBONES["mobilenetv3-large-minimalistic"].build()``, float32.

    Args:
        path: the .tflite file.
        sha256: the expected one, in hex; None skips the comparison.

    Raises:
        BackboneFileError: the file is missing, is another one, or has an operator that differs from the
            block table.
    """
    path = Path(path)
    if not path.is_file():
        raise BackboneFileError(f"{path}: there is no such file; pass the backbone's .tflite file")
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if sha256 is not None and actual != sha256:
        raise BackboneFileError(
            f"{path}: its sha256 is {actual}, not {sha256}; the recipe was only checked with "
            "v3-large-minimalistic_224_1.0_uint8.tflite"
        )
    if content[4:8] != b"TFL3":
        raise BackboneFileError(f"{path}: is not a TensorFlow Lite file (its identifier is not TFL3)")
    return _convert(str(path), content)


def expected_operators(backbone: Backbone) -> list[ExpectedOperator]:
    """Returns the backbone's convolutions and residual additions in the order in which they run."""
    operators: list[ExpectedOperator] = []
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv2d):
            kernel = module.kernel_size[0]
            operators.append(
                ExpectedOperator(
                    key=name,
                    shape=tuple(module.weight.shape),
                    stride=module.stride[0],
                    depthwise=module.groups > 1,
                    rectified=not _projects(name, kernel),
                )
            )
        if _closes_residual(backbone, name):
            operators.append(ExpectedOperator())
    return operators


def _projects(name: str, kernel: int) -> bool:
    """Returns whether a convolution projects back to few channels, which is linear.

    The first block's is named conv_pw.
    """
    return kernel == 1 and (name.endswith("conv_pwl") or name == "blocks.0.0.conv_pw")


def _closes_residual(backbone: Backbone, name: str) -> bool:
    """Returns whether a residual addition follows the module of this name."""
    owner, _, leaf = name.rpartition(".")
    block = backbone.get_submodule(owner) if owner else backbone
    if isinstance(block, FirstBlock):
        return leaf == "conv_pw"
    return isinstance(block, InvertedResidual) and block.residual and leaf == "conv_pwl"


def _convert(path: str, content: bytes) -> dict[str, Tensor]:
    try:
        operators = list(_operators(content))
    except MemoryError:
        raise
    except Exception as error:  # flatbuffers has no errors of its own: struct, index and type errors
        raise BackboneFileError(f"{path}: is a damaged TensorFlow Lite file ({error})") from error
    weights: dict[str, Tensor] = {}
    expected = expected_operators(BACKBONES[BACKBONE].build())
    if len(operators) < len(expected):
        raise BackboneFileError(
            f"{path}: has {len(operators)} operators, but the backbone needs {len(expected)}; "
            "this is another network"
        )
    # The file goes on with the classifier, which the student does not have.
    for index, (step, operator) in enumerate(zip(expected, operators, strict=False)):
        if str(operator) != str(step):
            key = f" ({step.key})" if step.key else ""
            raise BackboneFileError(
                f"{path}: operator {index} is {operator}, but the backbone has {step}{key}; "
                "this is another network"
            )
        if step.key:
            weights[f"{step.key}.weight"] = torch.from_numpy(operator.weight)
            weights[f"{step.key}.bias"] = torch.from_numpy(operator.bias)
    return weights


@dataclass(frozen=True)
class Operator:
    """One operator of the file: weight [out, in / groups, k, k] and bias [out] are dequantized, float32."""

    kind: str
    stride: int
    rectified: bool
    weight: Array
    bias: Array

    def __str__(self) -> str:
        if self.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            return self.kind
        depthwise = self.kind == "DEPTHWISE_CONV_2D"
        return str(ExpectedOperator("?", self.weight.shape, self.stride, depthwise, self.rectified))


def _operators(content: bytes) -> Iterator[Operator]:
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    names = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
    options_of = {"CONV_2D": tflite.Conv2DOptions, "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions}
    nothing = np.zeros(0, np.float32)
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        # Old files fill only the deprecated field, new ones both.
        kind = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        if kind not in options_of:
            yield Operator(kind, 1, False, nothing, nothing)
            continue
        options = options_of[kind]()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        if options.Padding() != tflite.Padding.SAME or options.StrideH() != options.StrideW():
            kind += " with other padding or uneven strides"
        weight, bias = (_dequantized(model, graph.Tensors(i)) for i in operator.InputsAsNumpy()[1:3])
        # Convolutions are stored as [out, k, k, in], depthwise ones as [1, k, k, out].
        order = (3, 0, 1, 2) if kind.startswith("DEPTHWISE") else (0, 3, 1, 2)
        out_zero = graph.Tensors(operator.Outputs(0)).Quantization().ZeroPoint(0)
        yield Operator(
            kind, options.StrideH(), out_zero == 0, np.ascontiguousarray(weight.transpose(order)), bias
        )


def _dequantized(model: Any, tensor: Any) -> Array:
    dtype = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}[tensor.Type()]
    raw = np.frombuffer(model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes(), dtype)
    quantization = tensor.Quantization()
    values = (raw.astype(np.float64) - quantization.ZeroPoint(0)) * quantization.Scale(0)
    result: Array = values.astype(np.float32).reshape(tensor.ShapeAsNumpy())
    return result
