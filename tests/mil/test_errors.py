"""Whatever a program says, its errors are named, and name the operation."""

from __future__ import annotations

import inspect
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("coremltools")

from mobileiqa_mil.errors import OperatorUnknown
from mobileiqa_mil.operation import Operation, Output
from mobileiqa_mil.operators import OPERATORS
from mobileiqa_mil.registry import Operator
from mobileiqa_sdk.errors import ContractMismatch, ModelError

PATH = Path("model.mlpackage")
X = torch.arange(24, dtype=torch.float32).reshape(1, 2, 3, 4)


def run(kind: str, location: str = "", **attributes: Any) -> list[torch.Tensor]:
    """Runs an operation whose inputs are all stored in it, and which declares X's shape."""
    output = Output("result_7", torch.float32, tuple(X.shape))
    return Operation(kind, OPERATORS[kind], attributes, {}, (output,), location).run({}, PATH)


UNSUPPORTED: list[tuple[str, dict[str, Any]]] = [
    ("gelu", {"x": X, "mode": "FAST"}),
    ("cast", {"x": X, "dtype": "int4"}),
    ("quantize", {"input": X, "scale": torch.tensor(1.0), "output_dtype": "int4"}),
    ("conv", {"x": X, "weight": torch.ones(2, 2, 1, 1), "pad_type": "other"}),
    ("conv", {"x": X[0, 0], "weight": torch.ones(2, 2)}),
    ("avg_pool", {"x": X[0, 0], "kernel_sizes": []}),
    ("max_pool", {"x": X[0, 0], "kernel_sizes": []}),
    ("l2_pool", {"x": X[0, 0], "kernel_sizes": []}),
    ("pad", {"x": X, "pad": [1, 1], "mode": "circular"}),
    ("pad", {"x": X, "pad": [1] * 8, "mode": "reflect"}),
    ("gather", {"x": X, "indices": torch.tensor([0]), "batch_dims": 1}),
    ("gather_nd", {"x": X, "indices": torch.tensor([[0]]), "batch_dims": 1}),
    ("upsample_bilinear", {"x": X, "align_corners": True, "half_pixel_centers": True}),
    ("constexpr_cast", {"source_val": X, "output_dtype": "fp64"}),
    ("constexpr_lut_to_dense", {"indices": X[0, 0].byte(), "lut": torch.zeros(1, 1, 16, 2)}),
]


@pytest.mark.parametrize(("kind", "attributes"), UNSUPPORTED, ids=[kind for kind, _ in UNSUPPORTED])
def test_a_mode_that_is_not_supported(kind: str, attributes: dict[str, Any]) -> None:
    with pytest.raises(OperatorUnknown, match=kind) as caught:
        run(kind, "network.features.3", **attributes)
    for part in (str(PATH), "result_7", "network.features.3", "Mac"):
        assert part in str(caught.value)


DISAGREE: list[tuple[str, dict[str, Any]]] = [
    ("add", {"x": X, "y": torch.ones(5)}),
    ("matmul", {"x": X, "y": torch.ones(5, 5)}),
    ("concat", {"values": [X, X[..., :2]], "axis": 1}),
    ("reshape", {"x": X, "shape": [5, -1]}),
    ("split", {"x": X, "axis": 3, "num_splits": 3}),
    ("constexpr_sparse_to_dense", {"nonzero_data": X, "mask": torch.ones(1).byte(), "shape": [2**40]}),
    ("relu", {"x": X[0]}),
]


@pytest.mark.parametrize(("kind", "attributes"), DISAGREE, ids=[kind for kind, _ in DISAGREE])
def test_sizes_that_disagree(kind: str, attributes: dict[str, Any]) -> None:
    with pytest.raises(ContractMismatch, match=kind) as caught:
        run(kind, **attributes)
    assert "result_7" in str(caught.value)
    assert not isinstance(caught.value, OperatorUnknown)


def test_shapes_of_the_inputs_are_named() -> None:
    with pytest.raises(ContractMismatch) as caught:
        run("add", x=X, y=torch.ones(5))
    assert "x [1, 2, 3, 4], y [5]" in str(caught.value)


VALUES: list[Any] = [
    X, torch.tensor(3), torch.tensor(-1), torch.tensor([2, 0]), torch.tensor([], dtype=torch.int32),
    torch.tensor(float("nan")), torch.tensor([[True]]), "same", "int8", ["a", "b"], [],
]  # fmt: skip


@settings(deadline=None, max_examples=600, derandomize=True)
@given(st.data())
def test_arguments_of_any_type(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(OPERATORS)))
    parameters = inspect.signature(OPERATORS[kind].function).parameters
    attributes = {name: data.draw(st.sampled_from(VALUES)) for name in parameters}
    with suppress(ModelError):
        run(kind, **attributes)


def test_memory_errors_pass() -> None:
    def greedy(x: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    operation = Operation("relu", Operator(greedy, False), {"x": X}, {}, (Output("y", X.dtype, (1,)),))
    with pytest.raises(MemoryError):
        operation.run({}, PATH)


def test_names_from_packages_are_printable() -> None:
    with pytest.raises(ContractMismatch) as caught:
        run("add", "\x1b]0;title\x07", x=X, y=torch.ones(5))
    assert str(caught.value).isprintable()
