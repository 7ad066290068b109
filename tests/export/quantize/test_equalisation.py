"""Cross-layer equalisation changes the weights and nothing else."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from mobileiqa_bench.scenes import scene
from mobileiqa_export.quantize.equalisation import equalise, pairs
from mobileiqa_export.reference import on_pixels
from mobileiqa_export.rewrite import backbone_streaming, rewrite
from mobileiqa_export.student import Student, StudentConfig

from ..conftest import TINY, filled


def unbalanced(network: nn.Module) -> nn.Module:
    """The same function, with channels scaled a hundredfold up and down."""
    for index, pair in enumerate(pairs(network)):
        factor = torch.logspace(-1, 1, pair.first.out_channels).roll(index)
        with torch.no_grad():
            pair.first.weight *= factor.view(-1, 1, 1, 1)
            if pair.first.bias is not None:
                pair.first.bias *= factor
            shape = (1, -1, 1, 1) if pair.second.groups == 1 else (-1, 1, 1, 1)
            pair.second.weight /= factor.view(shape)
    return network


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_it_is_exact(streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if streamed:
        monkeypatch.setattr(backbone_streaming, "WHOLE_BYTES", 1)
        monkeypatch.setattr(backbone_streaming, "BAND_BYTES", 100_000)
    network = rewrite(filled(TINY), TINY).network
    pixels = scene(1, *TINY.input_size)
    before = on_pixels(network)(pixels)
    changed = unbalanced(deepcopy(network))
    assert equalise(changed) == 29
    assert abs(on_pixels(changed)(pixels) - before) <= 1e-6
    assert all(parameter.dtype == torch.float32 for parameter in changed.parameters())
    for first, second in pairs(changed):
        made = first.weight.detach().abs().flatten(1).amax(1)
        read = second.weight.detach().abs()
        read = (read if second.groups > 1 else read.transpose(0, 1)).flatten(1).amax(1)
        assert torch.allclose(made, read, rtol=0.05)


def test_only_where_nothing_but_relu_is_between(small: tuple[Student, StudentConfig]) -> None:
    """The published backbone: hard-swish and gates leave few pairs."""
    network = rewrite(*small).network
    names = {id(module): name for name, module in network.named_modules()}
    actual = [
        (names[id(first)].rsplit(".", 1)[1], names[id(second)].rsplit(".", 1)[1])
        for first, second in pairs(network)
    ]
    # One in the first block, two in each of two plain ones, and the first one in three with a gate.
    assert actual == [
        ("conv_dw", "conv_pw"),
        *[("conv_pw", "conv_dw"), ("conv_dw", "conv_pwl")] * 2,
        *[("conv_pw", "conv_dw")] * 3,
    ]
    pixels = scene(2, *small[1].input_size)
    before = on_pixels(network)(pixels)
    equalise(network)
    assert abs(on_pixels(network)(pixels) - before) <= 1e-6


def test_dead_channels_stay() -> None:
    network = rewrite(filled(TINY), TINY).network
    first, _ = pairs(network)[0]
    with torch.no_grad():
        first.weight[0] = 0
    equalise(network)
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
