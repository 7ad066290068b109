"""Modules of a Core ML program in fp16 that compute in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export.errors import ExportError
from mobileiqa_export.formats import Job, save
from mobileiqa_export.precisions import FP16
from mobileiqa_mil.package import Package

from .jobs import contract

SIZE = (24, 24)


class Unit(nn.Module):
    """Vectors over their lengths: fp16 rounds the bound of the lengths to zero."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(torch.relu(x), dim=1)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv, self.unit, self.head = nn.Conv2d(3, 16, 5, 4), Unit(), nn.Linear(16 * 25, 1)
        self.conv.bias = nn.Parameter(torch.full((16,), -0.5))  # all is zero where a picture is dark

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.permute(0, 3, 1, 2).float() / 255
        out: Tensor = torch.sigmoid(self.head(self.unit(self.conv(x)).flatten(1))).flatten()
        return out


def made(folder: Path, **spared: Any) -> tuple[list[Any], Path]:
    """The operations of an artifact, and its file."""
    file = save("coreml", Job(Net().eval(), contract(SIZE, 1, FP16), FP16, folder, **spared))
    function = Package(file).model.mlProgram.functions["main"]
    return list(function.block_specializations[function.opset].operations), file


def kinds(operations: list[Any], number: int) -> set[str]:
    """The kinds of the operations whose results have a type: 10 is float16, 11 is float32."""
    computing = [each for each in operations if each.type not in ("const", "cast", "constexpr_cast")]
    return {each.type for each in computing if each.outputs[0].type.tensorType.dataType == number}


def test_a_module_computes_in_float_with_its_weights_in_half(tmp_path: Path) -> None:
    operations, file = made(tmp_path, weight_only=frozenset({"conv", "unit"}))
    assert {"conv", "relu", "real_div"} <= kinds(operations, 11)
    assert {"conv", "relu", "real_div"}.isdisjoint(kinds(operations, 10))
    assert "mul" in kinds(operations, 10)  # the pixels, which are the network's own
    (cast,) = (each for each in operations if each.type == "constexpr_cast")
    readers = [
        each.type
        for each in operations
        for argument in each.inputs.values()
        for one in argument.arguments
        if one.name == cast.outputs[0].name
    ]
    assert readers == ["conv"]
    dark = np.zeros((*SIZE, 3), np.uint8)
    with torch.inference_mode():
        expected = float(Net().eval()(torch.from_numpy(dark)[None]))
    assert open_artifact(file).run(dark) == pytest.approx(expected, abs=1e-3)


def test_a_module_that_is_kept_float_has_float_weights(tmp_path: Path) -> None:
    operations, _ = made(tmp_path, weight_only=frozenset({"conv"}), keep_float=frozenset({"conv"}))
    assert "conv" in kinds(operations, 11)
    assert not any(each.type == "constexpr_cast" for each in operations)


def test_a_module_is_what_it_does_itself(tmp_path: Path) -> None:
    operations, _ = made(tmp_path, weight_only=frozenset({""}))
    assert "conv" in kinds(operations, 10)
    assert "mul" in kinds(operations, 11)


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="unheard"):
        made(tmp_path, weight_only=frozenset({"unheard"}))
