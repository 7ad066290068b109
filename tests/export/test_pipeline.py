"""Passes in order, and what is recorded of them."""

from __future__ import annotations

import pytest
from torch import nn

from mobileiqa_export.rewrite import Pass, PassResult, run_passes
from mobileiqa_export.rewrite.costs import Cost

PASSES = (
    Pass("pixels", lambda network: PassResult(nn.Sequential(network), changed=True), required=True),
    Pass("fold", lambda network: PassResult.of(network, 0, "norms")),
    Pass("wrap", lambda network: PassResult(nn.Sequential(network), changed=True)),
)


def depth(network: nn.Module) -> Cost:
    """A cost that grows with every pass that changes something."""
    return Cost(macs=len(list(network.modules())), parameters=0, largest_activation=0)


def test_every_pass_is_a_step_with_the_cost_after_it() -> None:
    result = run_passes(nn.Identity().train(), PASSES, depth)
    assert [(step.name, step.changed, step.cost.macs) for step in result.steps] == [
        ("as trained", False, 1),
        ("pixels", True, 2),
        ("fold", False, 2),
        ("wrap", True, 3),
    ]
    assert [bool(step.reason) for step in result.steps] == [False, False, True, False]
    assert result.removable == ("wrap",)
    assert not result.network.training


def test_a_pass_is_left_out_by_its_name() -> None:
    result = run_passes(nn.Identity(), PASSES, depth, frozenset({"wrap"}))
    assert [step.cost.macs for step in result.steps] == [1, 2, 2, 2]
    assert result.steps[-1].reason
    assert result.removable == ()


def test_a_required_pass_stays() -> None:
    with pytest.raises(ValueError, match="pixels"):
        run_passes(nn.Identity(), PASSES, depth, frozenset({"pixels"}))
