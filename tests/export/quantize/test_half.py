"""float16 simulated module by module."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mobileiqa_export.quantize.half import HalfSensitivity, half


class Squares(nn.Module):
    """Goes past 65504 on its way, where its input is large."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.factor).square().mean((1, 2)).sqrt() / self.factor


class Net(nn.Module):
    """uint8 RGB [1, H, W, 3] -> [1]."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.squares, self.head = Squares(factor), nn.Linear(3, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        out: Tensor = torch.sigmoid(self.head(self.squares(pixels.float() / 255)))[:, 0]
        return out


PICTURES = [np.full((4, 4, 3), level, np.uint8) for level in (40, 90, 200, 255)]


def test_a_module_that_overflows_is_the_worst() -> None:
    analysis = HalfSensitivity(Net(1000.0).eval(), PICTURES)
    rows = analysis.noise()
    assert {row.layer: row.weights for row in rows} == {"the network itself": 0, "squares": 0, "head": 4}
    assert (rows[0].modules, rows[0].sqnr_db) == (("squares",), -math.inf)
    assert all(row.sqnr_db > 30 for row in rows[1:]), [row.sqnr_db for row in rows]
    worst, *others = analysis.damage(rows[::-1])
    assert worst.layer == "squares"
    assert worst.mean_difference is None
    assert all(0 <= (row.mean_difference or 0) < 1e-3 for row in others)
    assert not analysis.ends(0.5, 0.5)


def test_weights_are_rounded_too() -> None:
    network = Net(1.0).eval()
    with torch.no_grad():
        network.head.weight.fill_(1 + 2**-12)  # between two numbers of float16
        network.head.bias.fill_(2.0**-26)
    (row,) = (
        row
        for row in HalfSensitivity(network, PICTURES).damage(
            [row for row in HalfSensitivity(network, PICTURES).noise() if row.layer == "head"]
        )
    )
    with torch.no_grad():
        network.head.weight.fill_(1.0)
        network.head.bias.fill_(0.0)
    (exact,) = HalfSensitivity(network, PICTURES).damage([row])
    assert (row.mean_difference or 0) > (exact.mean_difference or 0)


@pytest.mark.parametrize(
    ("value", "expected"), [(65504.0, 65504.0), (70000.0, math.inf), (2049.0, 2048.0), (1e-9, 0.0)]
)
def test_the_grid(value: float, expected: float) -> None:
    assert float(half(torch.tensor(value))) == expected
    assert half(value) == value
    whole = torch.tensor(3)
    assert half(whole) is whole
