from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import onnx
import pytest
from onnx import TensorProto, helper

from mobileiqa_bench import peaks
from mobileiqa_bench.layers import INSERTED, LAYOUT, Node, macs, nodes, profile
from mobileiqa_bench.peaks import best, measure_peaks, working_sets
from mobileiqa_bench.roofline import PeakMeter, floor, groups, measure_layers
from mobileiqa_bench.schema import Bandwidth, Peaks

from . import make

MACHINE = Peaks(
    threads=1,
    fp32_macs_per_second=100.0,
    int8_macs_per_second=400.0,
    bandwidth=(
        Bandwidth(working_set_bytes=10, bytes_per_second=50.0),
        Bandwidth(working_set_bytes=1000, bytes_per_second=5.0),
    ),
)


@pytest.mark.parametrize(
    ("op", "inputs", "outputs", "expected"),
    [
        ("Conv", [[1, 3, 8, 8], [16, 3, 3, 3], [16]], [[1, 16, 4, 4]], 16 * 16 * 27),
        ("Conv", [[1, 16, 8, 8], [16, 1, 3, 3]], [[1, 16, 8, 8]], 16 * 64 * 9),  # depthwise
        ("QLinearConv", [[1, 3, 8, 8], [], [], [16, 3, 1, 1]], [[1, 16, 8, 8]], 16 * 64 * 3),
        ("MatMul", [[1, 5, 7], [7, 11]], [[1, 5, 11]], 5 * 7 * 11),
        ("FusedMatMul", [[2, 7, 5], [2, 7, 11]], [[2, 5, 11]], 2 * 5 * 7 * 11),  # left side transposed
        ("MatMul", [[7], [7, 11]], [[11]], 77),
        ("Gemm", [[5, 7], [11, 7]], [[5, 11]], 5 * 7 * 11),
        ("Gemm", [[7, 5], [7, 11]], [[5, 11]], 5 * 7 * 11),
        ("MatMulNBits", [[1, 7], [11, 1, 4]], [[1, 11]], 77),
        ("Gelu", [[1, 16, 8, 8]], [[1, 16, 8, 8]], 0),
        ("Shape", [[3]], [], 0),
    ],
)
def test_macs_by_hand(op: str, inputs: list[list[int]], outputs: list[list[int]], expected: int) -> None:
    assert macs(op, inputs, outputs) == expected


def test_macs_are_those_that_the_export_counted(artifact: Path) -> None:
    counted = json.loads((artifact / "report.json").read_text())["steps"][-1]["cost"]["macs"]
    actual = profile(artifact / "model.onnx", 1, 2)
    assert sum(node.macs for node in actual) == counted
    assert sum(node.seconds for node in actual) > 0
    modules = {node.module for node in actual}
    assert any(module.startswith("local_cnn.blocks.") for module in modules)
    assert any(module.startswith("head") for module in modules)


def event(name: str, op: str, index: int, dur: int, **sizes: Any) -> dict[str, Any]:
    arguments = {
        "op_name": op,
        "node_index": str(index),
        "activation_size": "40",
        "parameter_size": "8",
        "output_size": "16",
        "input_type_shape": [{"float": [1, 16, 2, 2]}, {"float": [16, 16, 1, 1]}],
        "output_type_shape": [{"float": [1, 16, 2, 2]}],
        **sizes,
    }
    return {"cat": "Node", "name": f"{name}_kernel_time", "dur": dur, "args": arguments}


@pytest.fixture
def graph() -> onnx.ModelProto:
    """A convolution to 10 channels, which onnxruntime would fill up to 16, and an activation."""
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], "stem.conv/Conv"),
            helper.make_node("Relu", ["c"], ["r"], "stem.act/Relu"),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 2, 2])],
        [helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 10, 2, 2])],
        [helper.make_tensor("w", TensorProto.FLOAT, [10, 3, 1, 1], [0.0] * 30)],
    )
    return helper.make_model(graph)


def test_a_profile_is_joined_with_its_graph(graph: onnx.ModelProto) -> None:
    events = [
        {"cat": "Session", "name": "model_loading", "dur": 9},
        *(event("r_nchwc", "Conv", 0, dur) for dur in (99, 10, 30, 20)),
        *(event("ReorderOutput", "ReorderOutput", 1, dur) for dur in (99, 1, 1, 1)),
        *(event("stem.act/Relu", "Reshape", 2, dur) for dur in (99, 1, 1, 1)),
        *(event("fused stem.conv/Conv", "Slice", 3, dur) for dur in (99, 1, 1, 1)),
        *(event("gemm_input_reshape", "Cast", 4, dur) for dur in (99, 1, 1, 1)),
        *(event("c_DequantizeLinear/duplicated", "DequantizeLinear", 5, dur) for dur in (99, 1, 1, 1)),
        *(event("gemm_input_reshape", "MatMulInteger", 6, dur) for dur in (99, 5, 5, 5)),
    ]
    actual = nodes(events, graph, warmup=1)
    assert [node.module for node in actual] == [
        "stem.act", LAYOUT, "stem.act", "stem.conv", INSERTED, "stem.conv", INSERTED,
    ]  # fmt: skip
    assert actual[0] == Node("r_nchwc", "stem.act", "Conv", "fp32", 20e-6, 10 * 4 * 3, 64)
    assert actual[2].bytes == 0  # another shape for the same memory
    assert actual[3].bytes == 32  # a part is read and written
    assert actual[6].arithmetic == "int8"
    assert actual[6].seconds == 5e-6


@pytest.mark.parametrize(
    ("arithmetic", "macs", "size", "seconds"),
    [
        ("fp32", 200, 0, 2.0),
        ("int8", 200, 0, 0.5),
        ("fp32", 0, 10, 0.2),  # fits into the cache
        ("fp32", 0, 11, 2.2),  # does not
        ("fp32", 0, 5000, 1000.0),  # larger than any measured
        ("fp32", 1000, 10, 10.0),  # the longer one counts
    ],
)
def test_the_floor(arithmetic: Any, macs: int, size: int, seconds: float) -> None:
    assert floor(Node("n", "m", "op", arithmetic, 1.0, macs, size), MACHINE) == pytest.approx(seconds)


def test_peaks_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "SECONDS", 0.0)
    monkeypatch.setattr(peaks, "SIDES", (64,))
    monkeypatch.setattr(peaks, "MEMORY_BYTES", 1 << 20)
    monkeypatch.setattr(peaks, "caches", lambda: {"L2": 1 << 12, "L3": 1 << 14})
    actual = measure_peaks(2)
    assert actual.threads == 2
    assert actual.fp32_macs_per_second > 0
    assert actual.int8_macs_per_second > 0
    assert [entry.working_set_bytes for entry in actual.bandwidth] == [1 << 12, 1 << 13, 1 << 20]
    assert all(entry.bytes_per_second > 0 for entry in actual.bandwidth)


def test_working_sets_grow_beyond_all_caches() -> None:
    assert working_sets({"L2": 1 << 20, "L3": 32 << 20}, 2) == [1 << 20, 16 << 20, 256 << 20]
    assert working_sets({}, 1)[-1] == 256 << 20
    assert working_sets({"L2": 1 << 20, "L3": 1 << 30}, 1)[-1] == 8 << 30
    assert working_sets({"L2": 4 << 20}, 16) == [32 << 20, 512 << 20]


def test_a_peak_is_what_was_reached_once() -> None:
    other = msgspec.structs.replace(
        MACHINE,
        fp32_macs_per_second=300.0,
        bandwidth=(
            Bandwidth(working_set_bytes=10, bytes_per_second=40.0),
            Bandwidth(working_set_bytes=1000, bytes_per_second=7.0),
        ),
    )
    actual = best([MACHINE, other])
    assert actual.fp32_macs_per_second == 300.0
    assert actual.int8_macs_per_second == 400.0
    assert [entry.bytes_per_second for entry in actual.bandwidth] == [50.0, 7.0]


def test_nothing_is_measured_without_threads() -> None:
    meter = PeakMeter(())
    meter.measure()
    assert meter.peaks() == []


def test_layers_of_an_artifact(artifact: Path) -> None:
    actual = measure_layers(artifact / "model.onnx", MACHINE)
    assert len(actual) > 10
    assert all(layer.floor >= 0 for layer in actual)
    slow = max(actual, key=lambda layer: layer.seconds)
    assert slow.efficiency == pytest.approx(slow.floor / slow.seconds)


def test_groups_split_what_is_slow_and_sum_up_what_is_small() -> None:
    actual = [
        make.layer("a.one", 30),
        make.layer("a.two", 20),
        make.layer("b.one", 4),
        make.layer("b.two", 4),
        make.layer("c", 30),
        make.layer("c", 11.7, "Gelu"),
        make.layer("d", 0.1),
        make.layer("e", 0.2),
    ]
    parts = {part.name: part.seconds for part in groups(actual, 10)}
    assert parts == {
        "a.one": 30, "a.two": 20, "b": 8, "c/Conv": 30, "c/Gelu": 11.7, "(2 small parts)": pytest.approx(0.3),
    }  # fmt: skip
    assert [part.name for part in groups(actual, 4)] == ["a", "b", "c", "(2 small parts)"]
    assert sum(part.floor for part in groups(actual, 10)) == pytest.approx(50)
    assert groups([], 5) == []


def test_a_module_without_a_name_is_the_network_itself() -> None:
    assert [part.name for part in groups([make.layer("", 1, "Add"), make.layer("a.b", 1)], 5)] == [
        "", "a.b",
    ]  # fmt: skip
