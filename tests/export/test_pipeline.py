"""Passes in order, and what is recorded of them."""

from __future__ import annotations

import pytest
from torch import nn

from mobileiqa_export.rewrite import Pass, PassResult, resize_blending, run_passes
from mobileiqa_export.rewrite.batchnorm_folding import fold_batchnorm
from mobileiqa_export.rewrite.costs import Cost
from mobileiqa_export.student import StudentConfig
from mobileiqa_export.teacher.vit_block import VitBlock

from .conftest import SMALL_TEACHER, filled_teacher

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


def test_a_folded_norm_is_a_change() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).eval()
    assert fold_batchnorm(network, StudentConfig()).changed
    assert not fold_batchnorm(network, StudentConfig()).changed


@pytest.mark.parametrize("sides", [(3, 4), (4, 3), (3, 3), (4, 4)])
def test_a_map_with_one_odd_side_is_enlarged(sides: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = filled_teacher()
    blocks = sum(type(module) is VitBlock for module in teacher.modules())
    monkeypatch.setattr(resize_blending, "sides_before_patches", lambda _: [sides] * blocks)
    result = resize_blending.blend_resize(teacher, SMALL_TEACHER)
    assert result.changed is (sides != (4, 4))
