from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mobileiqa_export.student import BACKBONES, normalise
from mobileiqa_export.student.efficientnet_lite import EfficientNetLite
from training.efficientnet_lite_file import _names, convert, read_lite_weights
from training.errors import BackboneFileError

LITE0 = "efficientnet-lite0"


def lite(member: str) -> EfficientNetLite:
    backbone = BACKBONES[member].build()
    assert isinstance(backbone, EfficientNetLite)
    return backbone


def package_tensors(member: str) -> dict[str, Tensor]:
    """Random tensors by the names of the PyPI package, with BatchNorm apart from the convolutions."""
    generator = torch.Generator().manual_seed(0)
    backbone = lite(member)
    shapes = {name: tensor.shape for name, tensor in backbone.state_dict().items()}
    tensors = {"_fc.weight": torch.zeros(2, 1280), "_fc.bias": torch.zeros(2)}
    for ours, convolution, norm in _names(backbone):
        shape = shapes[f"{ours}.weight"]
        fan = shape[1] * shape[2] * shape[3]
        tensors[f"{convolution}.weight"] = torch.randn(shape, generator=generator) * (1.5 / fan) ** 0.5
        tensors[f"{norm}.weight"] = 0.5 + torch.rand(shape[0], generator=generator)
        tensors[f"{norm}.bias"] = torch.rand(shape[0], generator=generator)
        tensors[f"{norm}.running_mean"] = torch.randn(shape[0], generator=generator) * 0.1
        tensors[f"{norm}.running_var"] = 0.5 + torch.rand(shape[0], generator=generator)
        tensors[f"{norm}.num_batches_tracked"] = torch.tensor(3)
    return tensors


def last_map(pixels: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """What the published network gives before its classifier, written down layer by layer."""

    def layer(x: Tensor, convolution: str, norm: str, stride: int, depthwise: bool, act: bool) -> Tensor:
        weight = tensors[f"{convolution}.weight"]
        sides = [
            max((-(-side // stride) - 1) * stride + weight.shape[2] - side, 0) for side in x.shape[:1:-1]
        ]
        x = F.pad(x, [part for total in sides for part in (total // 2, total - total // 2)])
        x = F.conv2d(x, weight, stride=stride, groups=x.shape[1] if depthwise else 1)
        x = F.batch_norm(
            x,
            *(tensors[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
            eps=1e-3,
        )
        return x.clamp(0, 6) if act else x

    x = layer((pixels - 127) / 128, "_conv_stem", "_bn0", 2, False, True)
    number = 0
    for repeats, stride in ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)):
        for index in range(repeats):
            block = f"_blocks.{number}"
            y = x
            if number:
                y = layer(y, f"{block}._expand_conv", f"{block}._bn0", 1, False, True)
            step = stride if index == 0 else 1
            y = layer(y, f"{block}._depthwise_conv", f"{block}._bn1", step, True, True)
            y = layer(y, f"{block}._project_conv", f"{block}._bn2", 1, False, False)
            x = x + y if index else y
            number += 1
    return layer(x, "_conv_head", "_bn1", 1, False, True)


def test_the_network_does_what_the_published_one_does_at_any_size() -> None:
    tensors = package_tensors(LITE0)
    backbone = lite(LITE0)
    backbone.load_state_dict(convert("made", tensors, LITE0))
    pixels = torch.randint(0, 256, (1, 3, 75, 130), generator=torch.Generator().manual_seed(1))
    expected = last_map(pixels.float(), tensors)
    with torch.inference_mode():
        torch.testing.assert_close(
            backbone(normalise(pixels, BACKBONES[LITE0]))[-1], expected, rtol=1e-3, atol=1e-4
        )
    assert expected.std() > 0.01


def test_a_tensor_that_is_missing_misshapen_or_too_many() -> None:
    tensors = package_tensors(LITE0)
    with pytest.raises(BackboneFileError, match=r"_bn1\.running_var"):
        convert("made", {key: value for key, value in tensors.items() if key != "_bn1.running_var"}, LITE0)
    with pytest.raises(BackboneFileError, match=r"_conv_stem\.weight is \[32, 3, 5, 5\]"):
        convert("made", {**tensors, "_conv_stem.weight": torch.zeros(32, 3, 5, 5)}, LITE0)
    with pytest.raises(BackboneFileError, match=r"_blocks\.99\.x"):
        convert("made", {**tensors, "_blocks.99.x": torch.zeros(1)}, LITE0)


def test_files_that_are_not_the_published_one(tmp_path: Path) -> None:
    with pytest.raises(BackboneFileError, match=r"none\.pth"):
        read_lite_weights(tmp_path / "none.pth", LITE0)
    path = tmp_path / "other.pth"
    path.write_bytes(b"other")
    with pytest.raises(BackboneFileError, match="sha256"):
        read_lite_weights(path, LITE0)
    digest = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(BackboneFileError, match="tensors"):
        read_lite_weights(path, LITE0, sha256=digest)


def test_a_file_of_tensors(tmp_path: Path) -> None:
    tensors = package_tensors(LITE0)
    path = tmp_path / "lite0.pth"
    torch.save(tensors, path)
    weights = read_lite_weights(path, LITE0, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    np.testing.assert_array_equal(weights["stem.weight"], convert("made", tensors, LITE0)["stem.weight"])


def test_the_stages_alone_leave_the_last_convolution_out() -> None:
    tensors = package_tensors(LITE0)
    whole, stages = convert("a file", tensors, LITE0), convert("a file", tensors, f"{LITE0}-stages")
    assert whole.keys() - stages.keys() == {"last.weight", "last.bias"}
    for name, weights in stages.items():
        assert torch.equal(weights, whole[name]), name
    with pytest.raises(BackboneFileError, match="_spare"):
        convert("a file", {**tensors, "_spare": torch.zeros(1)}, f"{LITE0}-stages")
