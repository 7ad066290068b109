"""Average pooling without ceil_mode and divisor_override: the same result."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export.formats.coreml_pooling import POOLINGS

POOLS: dict[str, Any] = {"avg_pool1d": F.avg_pool1d, "avg_pool2d": F.avg_pool2d, "avg_pool3d": F.avg_pool3d}


class Pooling(nn.Module):
    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        super().__init__()
        self.pool, self.settings = POOLS[name], settings

    def forward(self, x: Tensor) -> Tensor:
        pooled: Tensor = self.pool(x, **self.settings)
        return pooled


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 9},
        {"kernel_size": 3, "stride": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {"kernel_size": 2, "stride": 5},
        {"kernel_size": 4, "stride": 4, "padding": 2},
        {"kernel_size": 7, "stride": 4, "padding": 3},
        {"kernel_size": 3, "stride": 2, "padding": 1, "divisor_override": 5},
        {"kernel_size": 3, "divisor_override": 2, "ceil_mode": False},
    ],
)
@pytest.mark.parametrize("length", [32, 13, 12])
def test_the_last_window_counts_what_it_holds(name: str, settings: dict[str, Any], length: int) -> None:
    if name == "avg_pool1d" and "divisor_override" in settings:
        pytest.skip("it has no divisor")
    axes = int(name[-2])
    pooling = Pooling(name, {"ceil_mode": True, **settings})
    x = torch.randn(1, 2, *[length] * min(axes, 2), *[9] * (axes - 2), dtype=torch.float64)
    program = torch.export.export(pooling, (x,)).run_decompositions(dict(POOLINGS))
    assert torch.allclose(program.module()(x), pooling(x), atol=1e-12)
    pools = [node for node in program.graph.nodes if "avg_pool" in str(node.target)]
    assert pools
    assert all(True not in node.args[4:5] and len(node.args) < 7 for node in pools)


def test_a_pooling_that_core_ml_has_stays() -> None:
    pooling = Pooling("avg_pool2d", {"kernel_size": 3, "stride": 2, "padding": 1})
    x = torch.zeros(1, 2, 9, 9)
    program = torch.export.export(pooling, (x,)).run_decompositions(dict(POOLINGS))
    assert len([node for node in program.graph.nodes if node.op == "call_function"]) == 1
