"""Weights that a network computes, stored as they are at inference."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import utils
from torch.nn.utils import parametrizations

from mobileiqa_export.networks.norms import fold_norms
from mobileiqa_export.networks.reparametrisation import fix_weights, is_reparametrised
from mobileiqa_export.rewrite import cost_of

KINDS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "weight norm": parametrizations.weight_norm,
    "spectral norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "weight norm of old": utils.weight_norm,
    "spectral norm of old": utils.spectral_norm,
}


class Net(nn.Module):
    """A convolution whose weight is computed, and a norm that could be folded into it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv, self.norm = KINDS[kind](nn.Conv2d(3, 4, 3)), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.norm(self.conv(x)).mean((1, 2, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_stays_and_norms_can_be_folded(kind: str) -> None:
    network = Net(kind).double().eval()
    x = torch.randn(1, 3, 8, 9, dtype=torch.float64)
    with torch.inference_mode():
        before = network(x)
    assert is_reparametrised(network)
    assert fix_weights(network) == 1
    assert not is_reparametrised(network)
    assert sorted(name for name, _ in network.conv.named_parameters()) == ["bias", "weight"]
    with torch.inference_mode():
        assert torch.equal(network(x), before)
    assert fold_norms(network, x) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_that_a_copy_was_made_of_stays(kind: str) -> None:
    """A copy of a parametrised module shares its class, which torch changes to remove a parametrisation."""
    network = Net(kind).double().eval()
    x = torch.randn(1, 3, 8, 9, dtype=torch.float64)
    with torch.inference_mode():
        before = network(x)
    copy = deepcopy(network)
    fix_weights(copy)
    assert is_reparametrised(network)
    assert not is_reparametrised(copy)
    with torch.inference_mode():
        assert torch.equal(network(x), before)
        assert torch.equal(copy(x), before)


@pytest.mark.parametrize("kind", KINDS)
def test_its_cost_is_counted(kind: str) -> None:
    with torch.no_grad():  # as networks are made for an export
        network, fixed = Net(kind).eval(), Net(kind).eval()
    fix_weights(fixed)
    trained = [parameter.requires_grad for parameter in network.parameters()]
    for device in ("cpu", "meta"):
        example = torch.zeros(1, 3, 8, 9, device=device)
        assert cost_of(network, example).macs >= cost_of(fixed, example).macs == 3 * 4 * 9 * 6 * 7
    assert [parameter.requires_grad for parameter in network.parameters()] == trained
    assert any(trained)
