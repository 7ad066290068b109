"""Whether a network is to blame for an error, and which part of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mobileiqa_export.blame import Trail, cause, operator_of


class Head(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.svdvals(x).sum()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(4, 4), Head()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.stem(x))
        return out


def chain(*messages: str) -> Exception:
    """The last error, caused by the one before it, and so on."""
    error = RuntimeError(messages[0])
    for message in messages[1:]:
        outer = RuntimeError(message)
        outer.__cause__ = error
        error = outer
    return error


def test_an_error_that_names_no_operator_is_not_the_networks() -> None:
    error = AttributeError("module 'onnxscript.rewriter' has no attribute 'rules'")
    assert operator_of(Net().eval(), torch.ones(4, 4), error) is None


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_operator_and_its_module(depth: int) -> None:
    messages = ["no function for aten._linalg_svd.default", "conversion failed", "export failed"][:depth]
    culprit = operator_of(Net().eval(), torch.ones(4, 4), chain(*messages))
    assert culprit == "linalg_svd in head (Head)"


@pytest.mark.parametrize(
    "message",
    [
        "No ONNX function found for <OpOverload(op='prims.svd', overload='default')>",
        "failed to legalize operation 'tfl.svd' that was explicitly marked illegal",
        "failed to legalize operation 'mhlo.svd' that was explicitly marked illegal",
        "'stablehlo.svd' op operands do not broadcast",
    ],
)
def test_operators_of_every_dialect_are_seen(message: str) -> None:
    assert operator_of(Net().eval(), torch.ones(4, 4), chain(message)) == "svd"


class Products(nn.Module):
    """Two operators that are made of the same smallest step, which has the name of one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.growing = nn.Identity(), nn.Identity()
        self.all.forward = lambda x: x.prod(1)  # type: ignore[method-assign]
        self.growing.forward = lambda x: x.cumprod(1)  # type: ignore[method-assign]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.all(x).sum() + self.growing(x).sum()
        return out


def test_the_operator_that_fails_in_a_step_of_it_is_named_as_it_is_written() -> None:
    """ONNX gets a cumprod as a prims.prod, which it lacks, but has prod."""
    message = "No ONNX function found for <OpOverload(op='prims.prod', overload='default')>"
    culprit = operator_of(Products().eval(), torch.ones(2, 3), chain(message))
    assert culprit == "cumprod in growing (Identity)"
    message = "No ONNX function found for <OpOverload(op='aten.prod', overload='dim_int')>"
    assert operator_of(Products().eval(), torch.ones(2, 3), chain(message)) == "prod in all (Identity)"


def test_an_operator_that_the_network_does_not_have() -> None:
    assert operator_of(Net().eval(), torch.ones(4, 4), chain("aten.cumprod is missing")) == "cumprod"


def test_the_cause_is_the_first_error_on_one_line() -> None:
    assert cause(chain("\n first\x1b[2J\nsecond", "outer")) == "RuntimeError: first\\x1b[2J"


def test_what_raises_is_located_and_nothing_stays_behind() -> None:
    network = Net().eval()
    with pytest.raises(RuntimeError), Trail(network) as trail:
        network(torch.ones(4, 3))
    assert "linear" in str(trail)
    assert "stem (Linear)" in str(trail)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    with Trail(network) as trail:
        network(torch.ones(4, 4))
        assert str(trail) == "the network itself"
