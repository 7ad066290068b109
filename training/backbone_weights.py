"""Google's quantized MobileNetV3-Large minimalistic (a .tflite file) -> float weights of ``Backbone``.

The file is uint8 with one scale per tensor and BatchNorm already folded, so every weight is
(q - zero_point) * scale and every bias int32 * scale. Its operators run in the order in which
``Backbone`` declares its convolutions; both are compared one by one before a weight is believed.
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

from mobileiqa_export.student.backbone import BACKBONES, Backbone, FirstBlock, InvertedResidual

from .errors import BackboneFileError

BACKBONE = "mobilenetv3-large-minimalistic"
SHA256 = "62307453547ae5871dbb07b5be79c05c253fafeddeedccf9905b2c98f184749b"

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Step:
    """What one operator of the backbone must look like.

    Attributes:
        key: of the convolution in ``Backbone``; empty for a residual addition.
        shape: of its weight in PyTorch's order, [out, in / groups, k, k].
        stride: of the convolution.
        depthwise: one filter per channel.
        rectified: ReLU follows. The file has no activations; a zero point of 0 clips at zero.
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


def backbone_weights(path: str | Path, *, sha256: str | None = SHA256) -> dict[str, Tensor]:
    """Read the state_dict of ``Backbone(BACKBONES["mobilenetv3-large-minimalistic"])``, float32.

    Args:
        path: the .tflite file.
        sha256: that it must have, in hex; None skips the comparison.

    Raises:
        BackboneFileError: no such file, another file, or an operator that differs from the block table.
    """
    path = Path(path)
    if not path.is_file():
        raise BackboneFileError(f"{path}: there is no such file; pass the backbone's .tflite file")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise BackboneFileError(
            f"{path}: sha256 is {found}, not {sha256}; the recipe was only checked with "
            "v3-large-minimalistic_224_1.0_uint8.tflite"
        )
    if content[4:8] != b"TFL3":
        raise BackboneFileError(f"{path}: is no TensorFlow Lite file (it does not begin with the TFL3 mark)")
    return _convert(str(path), content)


def expected_steps(backbone: Backbone) -> list[Step]:
    """The backbone's convolutions and residual additions in the order in which they run."""
    steps: list[Step] = []
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv2d):
            kernel = module.kernel_size[0]
            steps.append(
                Step(
                    key=name,
                    shape=tuple(module.weight.shape),
                    stride=module.stride[0],
                    depthwise=module.groups > 1,
                    rectified=not _projects(name, kernel),
                )
            )
        elif isinstance(module, nn.Identity):
            continue
        if _closes_residual(backbone, name):
            steps.append(Step())
    return steps


def _projects(name: str, kernel: int) -> bool:
    """Projections back to few channels are linear; the first block's is named conv_pw."""
    return kernel == 1 and (name.endswith("conv_pwl") or name == "blocks.0.0.conv_pw")


def _closes_residual(backbone: Backbone, name: str) -> bool:
    owner, _, leaf = name.rpartition(".")
    block = backbone.get_submodule(owner) if owner else backbone
    if isinstance(block, FirstBlock):
        return leaf == "conv_pw"
    return isinstance(block, InvertedResidual) and block.residual and leaf == "conv_pwl"


def _convert(path: str, content: bytes) -> dict[str, Tensor]:
    try:
        operators = list(_operators(content))
    except Exception as error:  # flatbuffers has no errors of its own: struct, index and type errors
        raise BackboneFileError(f"{path}: is a damaged TensorFlow Lite file ({error})") from error
    weights: dict[str, Tensor] = {}
    steps = expected_steps(Backbone(BACKBONES[BACKBONE]))
    if len(operators) < len(steps):
        raise BackboneFileError(f"{path}: has {len(operators)} operators, the backbone needs {len(steps)}")
    for index, (step, operator) in enumerate(zip(steps, operators, strict=False)):
        if str(operator) != str(step):
            raise BackboneFileError(
                f"{path}: operator {index} is {operator}, but the backbone has {step}"
                f"{f' ({step.key})' if step.key else ''}; this is another network"
            )
        if step.key:
            weights[f"{step.key}.weight"] = torch.from_numpy(operator.weight)
            weights[f"{step.key}.bias"] = torch.from_numpy(operator.bias)
    return weights


@dataclass(frozen=True)
class Operator:
    """One operator of the file, its weight [out, in / groups, k, k] and bias [out] dequantized to float32."""

    kind: str
    stride: int
    rectified: bool
    weight: Array
    bias: Array

    def __str__(self) -> str:
        if self.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            return self.kind
        step = Step("?", self.weight.shape, self.stride, self.kind == "DEPTHWISE_CONV_2D", self.rectified)
        return str(step)


def _operators(content: bytes) -> Iterator[Operator]:
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    names = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
    nothing = np.zeros(0, np.float32)
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        # Old files fill only the deprecated field, new ones both.
        kind = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        options = {"CONV_2D": tflite.Conv2DOptions, "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions}.get(
            kind
        )
        if options is None:
            yield Operator(kind, 1, False, nothing, nothing)
            continue
        parsed = options()
        table = operator.BuiltinOptions()
        parsed.Init(table.Bytes, table.Pos)
        if parsed.Padding() != tflite.Padding.SAME or parsed.StrideH() != parsed.StrideW():
            kind += " with other padding or uneven strides"
        weight, bias = (_dequantized(model, graph.Tensors(i)) for i in operator.InputsAsNumpy()[1:3])
        # Convolutions are stored [out, k, k, in], depthwise ones [1, k, k, out]: both become [out, ., k, k].
        order = (3, 0, 1, 2) if kind.startswith("DEPTHWISE") else (0, 3, 1, 2)
        out_zero = graph.Tensors(operator.Outputs(0)).Quantization().ZeroPoint(0)
        yield Operator(
            kind, parsed.StrideH(), out_zero == 0, np.ascontiguousarray(weight.transpose(order)), bias
        )


def _dequantized(model: Any, tensor: Any) -> Array:
    dtype = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}[tensor.Type()]
    raw = np.frombuffer(model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes(), dtype)
    quantization = tensor.Quantization()
    values = (raw.astype(np.float64) - quantization.ZeroPoint(0)) * quantization.Scale(0)
    result: Array = values.astype(np.float32).reshape(tensor.ShapeAsNumpy())
    return result
