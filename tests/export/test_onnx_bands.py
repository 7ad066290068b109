"""The widest map on bands of rows: the same answers at every size, and nothing else is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mobileiqa_export.formats.onnx_bands import BANDS, band_widest_map
from mobileiqa_export.formats.onnx_graph import put_in_depth_first_order
from mobileiqa_sdk._onnxruntime import onnxruntime

HEIGHTS = (1, 2, 3, 15, 16, 17, 31, 32, 33, 101)
CONVOLUTIONS = ("widen", "halve", "project")


def weights() -> list[onnx.TensorProto]:
    random = np.random.default_rng(0)
    shapes = {"widen": (6, 3, 1, 1), "halve": (6, 1, 3, 3), "project": (4, 6, 1, 1)}
    made = {f"{name}.weight": random.normal(size=shape) for name, shape in shapes.items()}
    made |= {f"{name}.bias": random.normal(size=shape[0]) for name, shape in shapes.items()}
    made |= {"least": np.array(0.0), "most": np.array(6.0)}
    return [numpy_helper.from_array(np.asarray(each, np.float32), name) for name, each in made.items()]


def convolution(name: str, source: str, target: str, **changes: Any) -> onnx.NodeProto:
    side = 3 if name == "halve" else 1
    settings: dict[str, Any] = {"kernel_shape": [side, side], "strides": [1, 1], "pads": [0, 0, 0, 0]}
    if name == "halve":
        settings |= {"strides": [2, 2], "pads": [0, 0, 2, 2], "group": 6}
    inputs = [source, f"{name}.weight", f"{name}.bias"]
    return helper.make_node("Conv", inputs, [target], name=f"net.{name}/Conv", **{**settings, **changes})


def block(first: str = "Relu", second: str = "Clip", **changes: dict[str, Any]) -> onnx.ModelProto:
    """One block, which widens a map and halves it: ``x`` [1, 3, H, W] to ``y`` [1, 4, H/2, W/2]."""
    limits = {"Relu": [], "Clip": ["least", "most"], "Sigmoid": []}
    nodes = [
        convolution("widen", "x", "wide", **changes.get("widen", {})),
        helper.make_node(first, ["wide", *limits[first]], ["active"], name="net/first"),
        convolution("halve", "active", "halved", **changes.get("halve", {})),
        helper.make_node(second, ["halved", *limits[second]], ["passed"], name="net/second"),
        convolution("project", "passed", "y", **changes.get("project", {})),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "height", "width"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, "half_height", "half_width"])
    graph = helper.make_graph(nodes, "graph", [x], [y], weights())
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def answer(model: onnx.ModelProto, height: int, width: int = 5) -> NDArray[Any]:
    pixels = np.random.default_rng(height).normal(size=(1, 3, height, width)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: NDArray[Any] = session.run(None, {"x": pixels})[0]
    return result


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("acts", [("Relu", "Clip"), ("Clip", "Relu")])
def test_bands_answer_as_the_whole_map_does(height: int, acts: tuple[str, str]) -> None:
    whole, banded = block(*acts), block(*acts)
    assert band_widest_map(banded)
    put_in_depth_first_order(banded)
    onnx.checker.check_model(banded, full_check=True)
    expected = answer(whole, height)
    assert expected.shape[2] == (height + 1) // 2
    np.testing.assert_allclose(answer(banded, height), expected, rtol=0, atol=1e-5)


def test_no_more_than_a_band_is_widened_at_once() -> None:
    model = block()
    band_widest_map(model)
    put_in_depth_first_order(model)
    sizes: dict[str, int] = {}
    for name in ("wide_0", f"wide_{BANDS - 1}"):
        watched = onnx.ModelProto()
        watched.CopyFrom(model)
        watched.graph.output[0].name = name
        sizes[name] = answer(watched, 161).shape[2]
    assert sizes == {"wide_0": 21, f"wide_{BANDS - 1}": 21}  # of 161 rows, each band reads one of the next


def test_bands_follow_each_other() -> None:
    model = block()
    band_widest_map(model)
    put_in_depth_first_order(model)
    names = [node.name for node in model.graph.node if node.op_type == "Conv"]
    assert names == [f"net.{name}/Conv_{band}" for band in range(BANDS) for name in CONVOLUTIONS]
    assert len(model.graph.initializer) == len(weights()) + 7  # weights are shared


@pytest.mark.parametrize(
    "changes",
    [
        {"widen": {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}},
        {"widen": {"strides": [2, 2]}},
        {"halve": {"pads": [1, 1, 1, 1]}},
        {"halve": {"strides": [1, 1]}},
        {"halve": {"kernel_shape": [5, 5]}},
        {"project": {"strides": [2, 2]}},
        {"first": "Sigmoid"},
        {"second": "Sigmoid"},
    ],
)
def test_blocks_of_other_kinds_stay_whole(changes: dict[str, Any]) -> None:
    model = block(**changes)
    before = model.SerializeToString(deterministic=True)
    assert not band_widest_map(model)
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("tensor", ["wide", "active", "halved", "passed"])
def test_a_map_that_others_read_stays_whole(tensor: str) -> None:
    read = block()
    read.graph.node.append(helper.make_node("Neg", [tensor], ["z"], name="net/reader"))
    assert not band_widest_map(read)
    shown = block()
    shown.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    assert not band_widest_map(shown)
