"""Graphs of a few nodes, written by hand: which weights are stored in fewer bits, and what that computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from mobileiqa_export.formats import LayerCount, onnx_fp16, onnx_int8_weights
from mobileiqa_export.formats.job import MIN_INTEGERS, Job
from mobileiqa_export.formats.onnx_calibration import SAMPLES, _sample, ranges, same_maps
from mobileiqa_export.formats.onnx_count import count_layers
from mobileiqa_export.formats.onnx_graph import (
    MIN_WEIGHTS,
    Weight,
    matrix_products,
    put_in_depth_first_order,
    split_gemm,
    weights,
)
from mobileiqa_export.formats.onnx_int4_weights import BLOCK
from mobileiqa_export.formats.onnx_int8_static import _centred_pixels, _chosen, _maps
from mobileiqa_export.precisions import INT4_WEIGHTS, INT8_DYNAMIC, INT8_WEIGHTS

from .jobs import contract

Array = NDArray[Any]
ROWS, COLUMNS = 128, 256  # together exactly the smallest weight that becomes integers
assert ROWS * COLUMNS == MIN_INTEGERS


def tensor(name: str, *shape: int, scale: float = 1.0) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).normal(size=shape) * scale
    return numpy_helper.from_array(values.astype(np.float32), name)


def node(kind: str, inputs: str, outputs: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), name or f"net/{kind}", **attributes)


def graph(
    nodes: Sequence[onnx.NodeProto],
    tensors: Sequence[onnx.TensorProto],
    size: Sequence[int] = (4, ROWS),
    infos: Sequence[onnx.ValueInfoProto] = (),
) -> onnx.ModelProto:
    """A model from ``x`` to ``y``."""
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        tensors,
        value_info=infos,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])


def job(network: nn.Module | None = None, **spared: frozenset[str]) -> Job:
    return Job(network or nn.Identity(), contract((96, 128)), INT8_WEIGHTS, Path(), **spared)


def answer(model: onnx.ModelProto, *size: int) -> Array:
    values = np.random.default_rng(0).normal(size=size or (4, ROWS)).astype(np.float32)
    return cast("Array", ReferenceEvaluator(model).run(None, {"x": values})[0])


def stored(model: onnx.ModelProto) -> dict[str, int]:
    return {each.name: each.data_type for each in model.graph.initializer}


def test_what_an_input_needs_is_finished_before_the_next_input() -> None:
    # Two bands and a map beside them, level by level as quantizers leave them, and one node unread.
    levels = [
        node("Neg", "x", "a1"),
        node("Abs", "x", "b1"),
        node("Sqrt", "x", "unread"),
        node("Exp", "a1", "a2"),
        node("Sin", "b1", "b2"),
        node("Relu", "a1", "c"),
        node("Concat", "a2 b2 c", "y", axis=0),
    ]
    model = graph(levels, [tensor("w", 1)])
    expected = answer(model)
    put_in_depth_first_order(model)
    assert [each.op_type for each in model.graph.node] == ["Neg", "Exp", "Abs", "Sin", "Relu", "Concat"]
    assert [each.name for each in model.graph.initializer] == ["w"]
    assert np.array_equal(answer(model), expected)


def test_what_a_graph_inside_a_node_reads_comes_before_it() -> None:
    inner = [
        helper.make_graph(
            [node("Abs", "a", name)], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)]
        )
        for name in "pq"
    ]
    nodes = [node("If", "flag", "y", then_branch=inner[0], else_branch=inner[1])]
    model = graph([node("Neg", "x", "a"), *nodes], [numpy_helper.from_array(np.array(True), "flag")])
    put_in_depth_first_order(model)
    assert [each.op_type for each in model.graph.node] == ["Neg", "If"]


def test_the_outputs_of_a_graph_come_in_their_order() -> None:
    model = graph([node("Split", "x", "a y", num_outputs=2), node("Relu", "a", "z")], [])
    model.graph.output.insert(0, helper.make_tensor_value_info("z", TensorProto.FLOAT, None))
    put_in_depth_first_order(model)
    assert [each.op_type for each in model.graph.node] == ["Split", "Relu"]


@pytest.mark.parametrize("peak", [70_000.0, -70_000.0])
def test_a_weight_that_float16_cannot_hold_stays(peak: float) -> None:
    values = np.zeros((ROWS, COLUMNS), np.float32)
    values[0, 0] = peak
    model = graph([node("MatMul", "x w", "y")], [numpy_helper.from_array(values, "w")])
    assert stored(onnx_fp16.convert(model, job())) == {"w": TensorProto.FLOAT}


@pytest.mark.parametrize(("columns", "kind"), [(8, TensorProto.FLOAT16), (7, TensorProto.FLOAT)])
def test_a_weight_of_the_smallest_size_is_stored_as_float16(columns: int, kind: int) -> None:
    assert MIN_WEIGHTS == 8 * ROWS
    model = graph([node("MatMul", "x w", "y")], [tensor("w", ROWS, columns)])
    assert list(stored(onnx_fp16.convert(model, job())).values()) == [kind]


def test_int8_uses_its_whole_range_and_a_channel_of_zeros_stays_zero() -> None:
    values = np.array([[127.0, 0.0], [-63.5, 0.0]], np.float32)
    integers, scales = onnx_int8_weights.quantize(Weight(numpy_helper.from_array(values, "w"), 1))
    assert integers.tolist() == [[127, 0], [-64, 0]]
    assert scales.tolist() == [[1.0, 1.0]]


def test_int8_weights_of_a_product_keep_its_answer() -> None:
    model = graph([node("MatMul", "x w", "y")], [tensor("w", ROWS, COLUMNS)])
    expected = answer(model)
    converted = onnx_int8_weights.convert(model, job())
    assert TensorProto.INT8 in stored(converted).values()
    assert np.abs(answer(converted) - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("made", "shape", "axis"),
    [
        (node("MatMul", "x w", "y"), (ROWS, COLUMNS), 1),
        (node("MatMul", "w x", "y"), (ROWS, COLUMNS), 0),
        (node("MatMul", "w x", "y"), (2, ROWS, COLUMNS), 1),
        (node("Gemm", "x w", "y"), (ROWS, COLUMNS), 1),
        (node("Gemm", "x w", "y", transB=1), (COLUMNS, ROWS), 0),
        (node("Conv", "x w", "y"), (COLUMNS, ROWS, 1, 1), 0),
    ],
)
def test_the_axis_of_the_output_channels(made: onnx.NodeProto, shape: tuple[int, ...], axis: int) -> None:
    (weight,) = weights(graph([made], [tensor("w", *shape)]), job())
    assert weight.axis == axis


def test_buffers_and_what_nothing_reads_are_no_weights() -> None:
    network = nn.Module()
    network.register_buffer("w", torch.zeros(1))
    model = graph([node("MatMul", "x w", "y")], [tensor("w", ROWS, COLUMNS), tensor("unread", ROWS, COLUMNS)])
    assert [weight.tensor.name for weight in weights(model, job())] == ["w"]
    assert list(weights(model, job(network))) == []


def test_modules_are_spared_by_whole_names() -> None:
    nodes = [node("MatMul", "x w", "h", "net.ab/MatMul"), node("MatMul", "h v", "y", "net.a.b/MatMul")]
    model = graph(nodes, [tensor("w", ROWS, COLUMNS), tensor("v", COLUMNS, ROWS)])
    assert matrix_products(model, job()) == ["net.ab/MatMul", "net.a.b/MatMul"]
    assert matrix_products(model, job(keep_float=frozenset({"net.a"}))) == ["net.ab/MatMul"]
    assert matrix_products(model, job(weight_only=frozenset({"net.ab"}))) == ["net.a.b/MatMul"]


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("biased", [False, True])
def test_a_gemm_is_split_into_the_same_product(transposed: int, biased: bool) -> None:
    shape = (COLUMNS, ROWS) if transposed else (ROWS, COLUMNS)
    model = graph(
        [node("Gemm", "x w b" if biased else "x w", "y", transB=transposed)],
        [tensor("w", *shape), tensor("b", COLUMNS)][: 1 + biased],
    )
    expected = answer(model)
    split_gemm(model)
    assert [each.op_type for each in model.graph.node] == ["MatMul", "Add"][: 1 + biased]
    assert np.allclose(answer(model), expected, atol=1e-4)


@pytest.mark.parametrize("settings", [{"alpha": 0.5}, {"beta": 2.0}, {"transA": 1}])
def test_a_gemm_with_other_settings_stays(settings: dict[str, Any]) -> None:
    model = graph(
        [node("Gemm", "x w b", "y", **settings)], [tensor("w", ROWS, COLUMNS), tensor("b", COLUMNS)]
    )
    split_gemm(model)
    assert [each.op_type for each in model.graph.node] == ["Gemm"]


def info(name: str, *size: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, size)


def test_integers_pass_between_the_convolutions_of_maps() -> None:
    """A gate works on one position and stays float; so does what reads no integers, or only constants."""
    nodes = [
        node("Relu", "x", "r", "before/Relu"),
        node("Conv", "r w", "a", "one/Conv"),
        node("Add", "a a", "b", "sum/Add"),
        node("Relu", "b", "c", "after/Relu"),
        node("Conv", "g w", "d", "gate/Conv"),
        node("Add", "c r", "e", "mixed/Add"),
        node("Concat", "k k", "f", "constant/Concat"),
        node("MaxPool", "c", "y", "pool/MaxPool", kernel_shape=[2, 2]),
    ]
    infos = [info("a", 1, 8, 2, 1), info("b", 1, 8, 2, 1), info("d", 1, 8, 1, 1), info("free", 1, 8, "h", 1)]
    model = graph(nodes, [tensor("w", 8, 8, 1, 1), tensor("k", 1, 8)], (1, 8, 2, 1), infos)
    assert _maps(model) == {"a", "b", "free"}
    assert [each.name for each in _chosen(model, job())] == ["one/Conv", "sum/Add", "after/Relu"]
    assert _chosen(model, job(keep_float=frozenset({"one"}))) == []


@pytest.mark.parametrize(
    ("means", "zero"),
    [
        ([127.0, 127.0], 127),
        ([0.0], 0),
        ([255.0], 255),
        ([256.0], None),
        ([-1.0], None),
        ([127.5], None),
        ([127.0, 128.0], None),
    ],
)
def test_pixels_less_a_whole_mean_are_integers_already(means: list[float], zero: int | None) -> None:
    constant = numpy_helper.from_array(np.array(means, np.float32), "mean")
    model = graph([node("Cast", "x", "f", to=TensorProto.FLOAT), node("Sub", "f mean", "y")], [constant])
    assert _centred_pixels(model) == ({} if zero is None else {"y": ("x", zero)})


@pytest.mark.parametrize(("size", "step"), [(SAMPLES, 1), (2 * SAMPLES, 3), (3 * SAMPLES, 3), (100, 1)])
def test_samples_are_taken_by_odd_steps(size: int, step: int) -> None:
    values = np.arange(size, dtype=np.float32)
    assert _sample([values]).tolist() == values[::step].tolist()


def test_bands_are_one_map_wherever_they_are_cut() -> None:
    cuts = [numpy_helper.from_array(np.array([at]), f"at{at}") for at in range(3)]
    nodes = [
        node("Slice", "x at0 at1", "a"),
        node("Slice", "x at1 at2", "b"),
        node("MatMul", "a w", "c"),
        node("MatMul", "b w", "d"),
        node("MatMul", "b v", "y"),
    ]
    maps = same_maps(graph(nodes, [*cuts, tensor("w", ROWS, 2), tensor("v", ROWS, 2)]))
    assert maps == {"a": "a", "b": "a", "c": "c", "d": "c", "y": "y"}


def test_layers_are_counted_by_what_they_are_made_of(tmp_path: Path) -> None:
    """In float; with integer weights; on integers; with one integer input only."""
    integers = [
        numpy_helper.from_array(np.ones((2, 2), np.int8), "i"),
        numpy_helper.from_array(np.float32(1), "s"),
    ]
    nodes = [
        node("MatMul", "x w", "a"),
        node("Cast", "i", "unscaled", to=TensorProto.FLOAT),
        node("Mul", "unscaled s", "scaled"),
        node("MatMul", "a scaled", "b"),
        node("QuantizeLinear", "b s", "q"),
        node("DequantizeLinear", "q s", "d"),
        node("DequantizeLinear", "i s", "v"),
        node("MatMul", "d v", "c"),
        node("MatMul", "b v", "y"),
        node("MatMul", "x y", "z"),  # of no constant: no layer
    ]
    file = tmp_path / "model.onnx"
    onnx.save(graph(nodes, [tensor("w", 2, 2), *integers], (2, 2)), file)
    count = count_layers(file)
    assert count == LayerCount(total=4, integer_weights=3, integer_arithmetic=1)
    assert (count.achieving(INT8_WEIGHTS), count.achieving(INT8_DYNAMIC)) == (3, 1)


def test_the_file_has_the_blocks_that_sensitivity_is_measured_with() -> None:
    assert INT4_WEIGHTS.scheme is not None
    assert INT4_WEIGHTS.scheme.block == BLOCK


def test_a_range_is_the_mean_of_those_of_the_photos() -> None:
    pixels = helper.make_tensor_value_info("x", TensorProto.UINT8, (1, 2, 2, 3))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 2, 2, 3))
    cast_up = node("Cast", "x", "y", to=TensorProto.FLOAT)
    model = helper.make_model(
        helper.make_graph([cast_up], "graph", [pixels], [result]), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 10
    photos = [np.full((2, 2, 3), level, np.uint8) for level in (0, 0, 90)]
    low, high = ranges(model, ["y"], photos)["y"].range_value
    assert (float(low), float(high)) == (30.0, 30.0)
