"""Cross-layer equalisation: the same function, with channels that share a grid better.

Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction"
(arXiv 1906.04721), section 4.1. ReLU(s x) = s ReLU(x) for s > 0, so channel i between two layers may be
divided by s_i in the first and multiplied in the second: with r1_i and r2_i the largest absolute
weights that make and that read the channel, s_i = sqrt(r1_i / r2_i) gives both the same range.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..rewrite.backbone_streaming import StreamedResidual, StreamedStem
from ..student.mobilenetv3 import FirstBlock, InvertedResidual

_MOST_SWEEPS = 40
_SETTLED = 1e-4


class Pair(NamedTuple):
    """Two convolutions with nothing but a ReLU between them, the first read by the second alone."""

    first: nn.Conv2d
    second: nn.Conv2d


def pairs(network: nn.Module) -> list[Pair]:
    """Returns the pairs for which equalisation is exact: ungated backbone blocks with ReLU in a rewritten
    student.

    Hard-swish is not homogeneous, and a residual or a tap would read the channels too. A gate before the last
    convolution reads them first, so in a gated block only the pair before the gate counts.
    """
    return [pair for module in network.modules() for pair in _inside(module)]


def equalise(network: nn.Module) -> int:
    """Equalises all :func:`pairs` in place, in float64, until the scales settle, and returns how many there
    are.
    """
    equalised = pairs(network)
    for pair in equalised:
        pair.first.double()
        pair.second.double()
    for _ in range(_MOST_SWEEPS):
        if max((_equalise(pair) for pair in equalised), default=0.0) < _SETTLED:
            break
    for pair in equalised:
        pair.first.float()
        pair.second.float()
    return len(equalised)


def _equalise(pair: Pair) -> float:
    """Equalises one pair and returns how far its scales were from 1."""
    with torch.no_grad():
        made = pair.first.weight.abs().flatten(1).amax(1)
        read = _by_input(pair.second).abs().flatten(1).amax(1)
        # A channel that is never made or never read has no range to share.
        alive = (made > 0) & (read > 0)
        scale = torch.where(alive, (made / read).sqrt(), 1.0)
        pair.first.weight /= scale.view(-1, 1, 1, 1)
        if pair.first.bias is not None:
            pair.first.bias /= scale
        if pair.second.groups == 1:
            pair.second.weight *= scale.view(1, -1, 1, 1)
        else:
            pair.second.weight *= scale.view(-1, 1, 1, 1)
        return float((scale - 1).abs().max())


def _by_input(conv: nn.Conv2d) -> Tensor:
    """Returns the weights that read each input channel, [inputs, ...]."""
    return conv.weight if conv.groups > 1 else conv.weight.transpose(0, 1)


def _inside(module: nn.Module) -> Iterator[Pair]:
    if isinstance(module, FirstBlock):
        yield from _chain([module.conv_dw, module.bn1, module.act], [module.conv_pw])
    elif isinstance(module, InvertedResidual):
        yield from _chain([module.conv_pw, module.bn1, module.act], [module.conv_dw])
        yield from _chain([module.conv_dw, module.bn2, module.act, module.se], [module.conv_pwl])
    elif isinstance(module, StreamedStem):
        depthwise = module.depthwise
        yield from _chain([depthwise.conv, depthwise.norm, depthwise.act], list(module.project))
    elif isinstance(module, StreamedResidual):
        depthwise = module.depthwise
        yield from _chain(list(module.expand), [depthwise.conv])
        yield from _chain([depthwise.conv, depthwise.norm, depthwise.act, module.se], list(module.project))


def _chain(before: list[nn.Module], after: list[nn.Module]) -> Iterator[Pair]:
    """Yields the first two convolutions as a pair if exactly one ReLU, apart from identities, is between
    them.
    """
    first, *between = before
    between += after
    convolutions = [i for i, module in enumerate(between) if isinstance(module, nn.Conv2d)]
    if not convolutions or not isinstance(first, nn.Conv2d):
        return
    second = between[convolutions[0]]
    acts = [module for module in between[: convolutions[0]] if not isinstance(module, nn.Identity)]
    depthwise_or_dense = isinstance(second, nn.Conv2d) and second.groups in (1, second.in_channels)
    if [type(act) for act in acts] == [nn.ReLU] and depthwise_or_dense and isinstance(second, nn.Conv2d):
        yield Pair(first, second)
