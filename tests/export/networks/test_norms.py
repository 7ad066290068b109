"""BatchNorm into the layer before it, where nothing else reads that layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from mobileiqa_export.networks.norms import fold_norms

from ..standins import seeded


class Branching(nn.Module):
    """A convolution, a norm, and code around them."""

    def __init__(self, code: Callable[[Branching, Tensor], Tensor], conv: nn.Module | None = None) -> None:
        super().__init__()
        self.code, self.conv = code, conv or nn.Conv2d(3, 4, 3)
        self.norm, self.vector_norm = nn.BatchNorm2d(4), nn.BatchNorm1d(5)
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.code(self, x)


def _prepared(network: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.running_mean is not None:
            module.running_mean = torch.randn(module.num_features)
            module.running_var = torch.rand(module.num_features) + 0.5
    return network.double().eval().requires_grad_(False)


def _asking(net: Branching, x: Tensor) -> Tensor:
    y = net.conv(x)
    assert y.shape[1] == 4
    assert y.dim() == 4
    return net.norm(y)


def _in_place(net: Branching, x: Tensor) -> Tensor:
    y = net.conv(x)
    y += 1
    return net.norm(y)


def _twice(net: Branching, x: Tensor) -> Tensor:
    return net.norm(net.conv(x)) + net.norm(net.conv(x + 1))


FOLDED: dict[str, tuple[Callable[[Branching, Tensor], Tensor], int]] = {
    "plain": (lambda net, x: net.norm(net.conv(x)), 1),
    "asked for its form": (_asking, 1),
    "linear": (lambda net, x: net.vector_norm(net.fc(net.norm(net.conv(x)).mean((2, 3)))), 2),
    "residual": (lambda net, x: net.norm(net.conv(x)) + net.conv(x), 0),
    "read twice": (lambda net, x: (y := net.conv(x)) + net.norm(y), 0),
    "changed in place": (_in_place, 0),
    "run twice": (_twice, 0),
    "something between": (lambda net, x: net.norm(net.conv(x).relu()), 0),
    "never run": (lambda net, x: net.conv(x), 0),
}


@pytest.mark.parametrize("kind", FOLDED)
def test_where_it_is_the_same(kind: str) -> None:
    code, folded = FOLDED[kind]
    network = _prepared(Branching(code))
    x = torch.randn(2, 3, 9, 11, dtype=torch.float64)
    with torch.inference_mode():
        before = network(x)
        assert fold_norms(network, x) == folded
        torch.testing.assert_close(network(x), before, rtol=0, atol=1e-12)
    assert sum(isinstance(m, nn.Identity) for m in network.modules()) == folded
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_weights_that_are_computed_stay() -> None:
    conv = parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    network = _prepared(Branching(lambda net, x: net.norm(net.conv(x)), conv))
    assert fold_norms(network, torch.randn(1, 3, 9, 9, dtype=torch.float64)) == 0


def test_norms_of_the_batch_stay() -> None:
    network = Branching(lambda net, x: net.norm(net.conv(x)))
    network.norm = nn.BatchNorm2d(4, track_running_stats=False)
    assert fold_norms(_prepared(network), torch.randn(1, 3, 9, 9, dtype=torch.float64)) == 0


def test_a_layer_in_two_places_stays() -> None:
    network = Branching(lambda net, x: net.norm(net.conv(x)))
    network.also = network.conv
    assert fold_norms(_prepared(network), torch.randn(1, 3, 9, 9, dtype=torch.float64)) == 0


def test_a_whole_network() -> None:
    network = seeded("NIMA").double()
    x = torch.randn(1, 3, 65, 97, dtype=torch.float64)
    with torch.inference_mode():
        before = network(x)
        assert fold_norms(network, x) == 10
        torch.testing.assert_close(network(x), before, rtol=0, atol=1e-12)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
