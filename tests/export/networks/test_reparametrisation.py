"""Weights that a network computes, stored as they are at inference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import utils
from torch.nn.utils import parametrizations

from mobileiqa_export.networks.norms import fold_norms
from mobileiqa_export.networks.reparametrisation import fix_weights, is_reparametrised

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
