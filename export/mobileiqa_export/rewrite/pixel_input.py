"""Moves everything after resizing into the network, so that its input is plain pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..blocks.config import NetworkConfig
from ..blocks.statistics import PixelStatistics
from ..student.moments import halved
from ..student.student import MomentStudent
from .pipeline import PassResult

FIRST = ("local_cnn.conv_stem", "local_cnn.stem", "global_vit.stem.conv")
"""The first layer of a student on MobileNetV3, of one on EfficientNet-Lite, and of a teacher."""


class PixelStem(nn.Module):
    """The first convolution on the photo as it lies in memory: uint8 RGB [B, H, W, 3] -> [B, C, H/2, W/2].

    The deviation goes into the weights. The mean cannot follow it into the bias: the zeros that
    the convolution pads with stand for pixels of mean colour.
    """

    mean: Tensor

    def __init__(self, conv: nn.Conv2d, statistics: PixelStatistics) -> None:
        super().__init__()
        self.conv, self.halved = conv, False
        with torch.no_grad():
            conv.weight /= _per_channel(statistics.std, conv.weight)
        self.register_buffer("mean", _per_channel(statistics.mean, conv.weight))

    def forward(self, pixels: Tensor) -> Tensor:
        centred = self.centred(channels_first(pixels))
        out: Tensor = self.conv(halved(centred) if self.halved else centred)
        return out

    def centred(self, x: Tensor) -> Tensor:
        """Returns pixels [B, 3, H, W] in 0..255 less their mean, in the network's dtype."""
        return x.to(self.mean.dtype) - self.mean


def channels_first(pixels: Tensor) -> Tensor:
    """Permutes [B, H, W, 3] to [B, 3, H, W]; as uint8, a quarter of the bytes of floats are moved."""
    return pixels.permute(0, 3, 1, 2)


def _per_channel(values: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).to(like).view(1, 3, 1, 1)


def takes_pixels(student: nn.Module) -> bool:
    """Returns whether :func:`normalise_input` has been applied."""
    return any(isinstance(module, PixelStem) for module in student.modules())


def normalise_input(network: nn.Module, config: NetworkConfig) -> PassResult:
    """Makes mean and deviation a part of the network, so that its input is plain pixels."""
    _give_pixels(network, config.statistics)
    companion = getattr(network, "companion", None)
    if isinstance(companion, nn.Module):
        _give_pixels(companion, config.statistics)
    return PassResult(network, changed=True)


def _give_pixels(network: nn.Module, statistics: PixelStatistics) -> None:
    names = [name for name, _ in network.named_modules() if name in FIRST]
    if len(names) != 1:
        raise TypeError(f"a {type(network).__name__} has none of the first layers {', '.join(FIRST)}")
    conv = network.get_submodule(names[0])
    if not isinstance(conv, nn.Conv2d):
        raise TypeError(f"the first layer is {type(conv).__name__}, not a convolution")
    parent, _, name = names[0].rpartition(".")
    stem = PixelStem(conv, statistics)
    if isinstance(network, MomentStudent):
        # Pixels lie with channels last, and only the stem turns them.
        stem.halved, network.halved = network.halved, False
    network.get_submodule(parent).add_module(name, stem)
