"""Simulated quantization by numbers small enough to follow."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export.quantize import equalisation
from mobileiqa_export.quantize.bias import bias_shifts
from mobileiqa_export.quantize.calibration import FEW, Calibration
from mobileiqa_export.quantize.equalisation import Pair, equalise
from mobileiqa_export.quantize.fakequant import Call, Range, Scheme, find_ranges, visiting
from mobileiqa_export.quantize.half import HalfSensitivity
from mobileiqa_export.quantize.sensitivity import (
    LayerDamage,
    Sensitivity,
    decibels,
    mark_spared,
    measure_damage,
)
from mobileiqa_sdk.progress import SILENT


class Floats(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float()


class Product(nn.Module):
    """Its weight on one side of a product."""

    def __init__(self, left: bool) -> None:
        super().__init__()
        self.left = left
        self.weight = nn.Parameter(torch.randn(3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight @ x if self.left else x @ self.weight


class Computed(nn.Module):
    """Any function of pixels and a weight."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], weight: list[list[float]]) -> None:
        super().__init__()
        self.function, self.weight = function, nn.Parameter(torch.tensor(weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.weight)


@pytest.mark.parametrize(("left", "axis"), [(True, 0), (False, 1)])
def test_the_scales_of_a_product_follow_its_outputs(left: bool, axis: int) -> None:
    network, seen = Product(left), []

    def visit(call: Call) -> Tensor:
        seen.append(call.channels)
        return call.compute(call.weight, call.input)

    with visiting(network, visit, {}):
        network(torch.ones(3, 3))
    assert seen == [axis]


@pytest.mark.parametrize("order", [1, -1])
def test_a_range_is_that_of_all_batches(order: int) -> None:
    batches = [torch.tensor([[-3.0, 1.0, 0.0]]), torch.tensor([[0.0, 2.0, -1.0]])]
    (layer,) = find_ranges(nn.Linear(3, 2), batches[::order]).values()
    assert layer.range == Range(-3.0, 2.0)


def test_a_bias_makes_up_for_the_weights_alone() -> None:
    """Rounded activations err to both sides."""
    network = nn.Sequential(Floats(), nn.Linear(3, 2))
    picture = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    (by_weights,) = bias_shifts(network, Scheme(bits=4), [picture])
    (by_both,) = bias_shifts(network, Scheme(bits=4, activations="dynamic"), [picture])
    assert torch.equal(by_weights.mean, by_both.mean)


def test_the_numbers_of_layers_at_the_ends_are_rounded_up() -> None:
    network = nn.Sequential(Floats(), *(nn.Linear(3, 3) for _ in range(6)), Computed(F.linear, [[1.0] * 3]))
    analysis = Sensitivity(network, Scheme(), [np.ones((1, 1, 3), np.uint8)])
    assert analysis.ends(0.25, 1 / 16) == {"1", "2", "7"}
    assert analysis.ends(0.0, 2 / 7) == {"6", "7"}


@pytest.mark.parametrize(("signal", "error", "expected"), [(100.0, 1.0, 20.0), (1.0, 0.0, math.inf)])
def test_decibels_are_of_powers(signal: float, error: float, expected: float) -> None:
    assert decibels(signal, error) == expected


def test_a_missing_answer_is_the_worst_damage_whichever_answer_it_is() -> None:
    """The score moves further than the other answer, where that is one."""
    row = LayerDamage("layer", ("layer",), 1, 0.0)
    clean, changed = [(0.5, 0.5), (0.6, 0.6)], [(0.9, 0.5), (0.9, math.nan)]
    (measured,) = measure_damage([row], clean, lambda _: changed, SILENT)
    assert (measured.max_difference, measured.mean_difference, measured.srcc) == (None, None, None)


def test_a_channel_that_nothing_reads_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1)
    network = nn.Sequential(first, nn.ReLU(), second)
    with torch.no_grad():
        second.weight[0, 1] = 0
    before = first.weight[1].clone()
    monkeypatch.setattr(equalisation, "pairs", lambda _: [Pair(first, second)])
    x = torch.randn(1, 1, 3, 3)
    expected = network(x)
    equalise(network)
    assert torch.equal(first.weight[1], before)
    assert torch.allclose(network(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "weight", "noisy"),
    [
        ([2, 2, 0], [1 + 2**-12, -1.0, 0.0], True),  # a weight between two numbers of float16
        ([255, 254, 0], [1.0, -1.0, 0.0], False),  # numbers that float16 has
    ],
)
def test_float16_rounds_weights(pixels: list[int], weight: list[float], noisy: bool) -> None:
    network = nn.Sequential(Floats(), Computed(F.linear, [weight]))
    rows = HalfSensitivity(network, [np.array([[pixels]], np.uint8)]).noise()
    (row,) = [row for row in rows if row.layer == "1"]
    assert (row.sqnr_db < 1) is noisy


def test_float16_leaves_the_inputs_of_a_function_alone() -> None:
    """They are results of other functions, whose rounding counts there."""

    def far(x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x, weight)

    network = nn.Sequential(Floats(), Scaled(), Computed(far, [[1.0, -1.0, 0.0]]))
    rows = HalfSensitivity(network, [np.array([[[1, 0, 0]]], np.uint8)]).noise()
    (row,) = [row for row in rows if row.layer == "2"]
    assert row.sqnr_db == math.inf


class Scaled(nn.Module):
    """2049 and 2048, of which float16 has the second alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 2048.0


@pytest.mark.parametrize(("count", "warned"), [(FEW - 1, True), (FEW, False)])
def test_few_pictures_are_a_warning(count: int, warned: bool) -> None:
    pixels = [np.full((1, 1, 3), number, np.uint8) for number in range(count)]
    calibration = Calibration("photos", False, False, count, ["photo"] * count, [], pixels)
    assert bool(calibration.warnings) is warned


def test_a_layer_of_no_module_cannot_be_spared() -> None:
    (row,) = mark_spared([LayerDamage("layer", (), 1, 0.0)], frozenset("a"), frozenset("b"))
    assert row.spared_as == ""
