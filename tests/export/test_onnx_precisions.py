"""ONNX in fewer bits: small, near the float32 file, float where asked, reproducible."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from mobileiqa_export.errors import ExportError
from mobileiqa_export.formats import FORMATS, Job, count_layers, save
from mobileiqa_export.formats.job import is_inside
from mobileiqa_export.formats.onnx_calibration import ranges, same_maps
from mobileiqa_export.formats.onnx_graph import Weight, split_gemm
from mobileiqa_export.formats.onnx_int8_weights import quantize
from mobileiqa_export.precisions import INT8_STATIC, PRECISIONS
from mobileiqa_export.rewrite import rewrite
from mobileiqa_export.student import StudentConfig
from mobileiqa_sdk._onnxruntime import onnxruntime
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.runtimes.onnx import Session

from .conftest import TINY, filled
from .formulas import formula_image
from .jobs import contract

# Just large enough that an attention's matrix becomes integers.
ATTENTIVE = StudentConfig(grid=7, width=8, hidden=8, views=2, input_size=(96, 128))
CONFIGS = {"tiny": TINY, "attentive": ATTENTIVE}
KEPT = {"tiny": ("local_cnn.blocks.5", "head"), "attentive": ("local_cnn.blocks.5", "MALs.0")}
LOSSY = ("fp16", "int8-weights", "int8-dynamic", "int8-static", "int4-weights")
DRIFT = {"fp16": 5e-4, "int8-weights": 5e-3, "int8-dynamic": 0.01, "int8-static": 0.05, "int4-weights": 0.02}
RATIO = {"fp16": 0.53, "int8-weights": 0.34, "int8-dynamic": 0.34, "int8-static": 0.34, "int4-weights": 0.34}


def contract_for(config: StudentConfig, precision: str) -> ModelContract:
    return contract(config.input_size, config.opinions, PRECISIONS[precision])


def _photos(config: StudentConfig, seeds: Sequence[int]) -> list[NDArray[np.uint8]]:
    return [formula_image(*config.input_size, seed) for seed in seeds]


@cache
def _network(name: str) -> nn.Module:
    return rewrite(filled(CONFIGS[name]), CONFIGS[name]).network


def write(name: str, precision: str, folder: Path, keep: Sequence[str] = ()) -> Path:
    config = CONFIGS[name]
    photos = _photos(config, range(4)) if precision == "int8-static" else []
    folder.mkdir()
    embedded = contract_for(config, precision)
    return save("onnx", Job(_network(name), embedded, PRECISIONS[precision], folder, photos, frozenset(keep)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Like :func:`write`, once for each set of arguments."""
    root = tmp_path_factory.mktemp("precisions")

    @cache
    def written_once(name: str, precision: str, keep: tuple[str, ...] = ()) -> Path:
        return write(name, precision, root / f"{name} {precision} {len(keep)}", keep)

    return written_once


@pytest.fixture(params=list(CONFIGS))
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(params=LOSSY)
def precision(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def reference(name: str, written: Callable[..., Path]) -> Path:
    return written(name, "fp32")


@pytest.fixture
def file(name: str, precision: str, written: Callable[..., Path]) -> Path:
    return written(name, precision)


def test_every_precision_is_offered() -> None:
    assert [str(precision) for precision in FORMATS["onnx"].precisions] == ["fp32", *LOSSY]


def test_it_scores_near_the_float_file(name: str, precision: str, file: Path, reference: Path) -> None:
    photos = _photos(CONFIGS[name], range(10, 16))
    scores, expected = ([Session(path, 1).run(photo) for photo in photos] for path in (file, reference))
    assert scores == pytest.approx(expected, abs=DRIFT[precision])
    assert scores != expected
    assert len({round(score, 4) for score in expected}) > 3


def test_it_is_smaller(precision: str, file: Path, reference: Path) -> None:
    assert file.stat().st_size < RATIO[precision] * reference.stat().st_size
    assert [path.name for path in file.parent.iterdir()] == ["model.onnx"]


def test_its_interface_is_that_of_the_float_file(name: str, file: Path, reference: Path) -> None:
    model, float_model = onnx.load(file), onnx.load(reference)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.input == float_model.graph.input
    assert model.graph.output == float_model.graph.output
    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
    assert model.graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT


def test_the_contract_is_all_the_metadata_there_is(name: str, precision: str, file: Path) -> None:
    (entry,) = onnx.load(file).metadata_props
    assert entry.key == METADATA_KEY
    assert entry.value == contract_for(CONFIGS[name], precision).to_json()
    assert Session(file, 1).contract == contract_for(CONFIGS[name], precision)


def test_nodes_are_named_after_modules(name: str, reference: Path) -> None:
    names = [node.name for node in onnx.load(reference).graph.node]
    assert len(set(names)) == len(names)
    assert {node.partition("/")[0] for node in names} <= {n for n, _ in _network(name).named_modules()}
    assert "local_cnn.blocks.5.0.conv_pw/Conv" in names


def test_kept_modules_stay_float(name: str, precision: str, written: Callable[..., Path]) -> None:
    model = onnx.load(written(name, precision, KEPT[name]))
    made_by = {output: node for node in model.graph.node for output in node.output}
    tensors = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    inner = [node for node in model.graph.node if is_inside(node.name.partition("/")[0], KEPT[name])]
    counted = 0
    for node in (node for node in inner if node.op_type in {"Conv", "MatMul", "Gemm"}):
        assert [tensors[n] for n in node.input[1:] if n in tensors] in ([1], [1, 1], [])
        for source in (made_by[n] for n in node.input[1:] if n in made_by):
            assert source in inner
        counted += 1
    assert counted > 10
    integer = {"QuantizeLinear", "DequantizeLinear", "MatMulInteger", "MatMulNBits", "DynamicQuantizeLinear"}
    assert not {node.op_type for node in inner} & integer
    # Inside one block, nothing between its convolutions either.
    (depthwise,) = (node for node in model.graph.node if node.name == "local_cnn.blocks.5.1.conv_dw/Conv")
    assert made_by[depthwise.input[0]].op_type in {"Relu", "HardSwish"}
    lesser = [
        t for n, t in tensors.items() if t in {TensorProto.FLOAT16, TensorProto.INT8, TensorProto.UINT8}
    ]
    assert lesser


@pytest.mark.parametrize("precision", ["int8-dynamic", "int8-static", "int4-weights"])
def test_modules_with_int8_weights_only(precision: str, tmp_path: Path) -> None:
    spared = frozenset({"MALs.0"})
    job = Job(
        _network("attentive"),
        contract_for(ATTENTIVE, precision),
        PRECISIONS[precision],
        tmp_path,
        _photos(ATTENTIVE, range(4)),
        weight_only=spared,
    )
    nodes = onnx.load(save("onnx", job)).graph.node
    made_by = {output: node for node in nodes for output in node.output}
    stored: dict[str, set[str]] = {}
    for node in nodes:
        if node.name.startswith("MALs.") and node.op_type.startswith("MatMul") and node.input[1] in made_by:
            stored.setdefault(node.name.partition("/")[0], set()).add(made_by[node.input[1]].name[-9:])
    assert stored["MALs.0.feature_attention.c_qk"] == {".int8/Mul"}
    assert stored.get("MALs.1.feature_attention.c_qk") != {".int8/Mul"}


def test_what_is_not_in_the_network_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"'local_cnn.blocks.99'"):
        write("tiny", "fp16", tmp_path / "artifact", ["local_cnn.blocks.99"])


def test_ranges_need_photos(tmp_path: Path) -> None:
    job = Job(_network("tiny"), contract_for(TINY, "int8-static"), INT8_STATIC, tmp_path)
    with pytest.raises(ExportError, match="calibration photos"):
        save("onnx", job)


def test_products_run_on_integers(written: Callable[..., Path]) -> None:
    expected = {"int8-dynamic": "MatMulInteger", "int4-weights": "MatMulNBits"}
    for precision, operator in expected.items():
        file = written("attentive", precision)
        assert count_layers("onnx", file).achieving(PRECISIONS[precision]) > 0
        nodes = onnx.load(file).graph.node
        actual = [node for node in nodes if node.op_type == operator]
        assert {node.name.partition("/")[0] for node in actual} >= {
            "MALs.0.feature_attention.c_qk",
            "MALs.1.feature_attention.c_qk",
        }


def test_large_products_are_not_made_one_with_their_bias(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3  # it warns that the file suits this machine only
    onnxruntime.InferenceSession(
        str(written("attentive", "int8-static")), options, providers=["CPUExecutionProvider"]
    )
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node)
    # Weights of other products are float when the file is loaded, these are never.
    assert kinds["MatMulIntegerToFloat"] == 2
    assert kinds["QLinearConv"] > 40


def test_pixels_reach_the_first_convolution_as_they_are(written: Callable[..., Path]) -> None:
    model = onnx.load(written("tiny", "int8-static"))
    made_by = {output: node for node in model.graph.node for output in node.output}
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    (stem,) = (node for node in model.graph.node if node.name == "local_cnn.conv_stem.conv/Conv")
    source = made_by[stem.input[0]]
    assert source.op_type == "DequantizeLinear"
    assert [values[n].item() for n in source.input[1:]] == [1.0, 128]
    assert made_by[source.input[0]].op_type == "Transpose"
    assert made_by[source.input[0]].input[0] == "pixels"
    # Convolutions are whole: integers in, weights, integers out, and no Relu in between.
    assert not [n for n in model.graph.node if n.op_type == "Relu" and n.name.startswith("local_cnn")]


SCRIPT = """
import hashlib, logging, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.export.test_onnx_precisions import LOSSY, write
for precision in LOSSY:
    path = write("tiny", precision, Path(sys.argv[2]) / precision)
    print(hashlib.sha256(path.read_bytes()).hexdigest())
assert not logging.getLogger().handlers
"""


def test_another_process_writes_the_same_bytes_and_says_nothing(
    tmp_path: Path, written: Callable[..., Path]
) -> None:
    here = [hashlib.sha256(written("tiny", p).read_bytes()).hexdigest() for p in LOSSY]
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[2]), str(tmp_path)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == here


def test_int8_rounds_each_channel_by_its_own_scale() -> None:
    values = np.array([[1.0, -127.0], [0.0, 0.0], [0.254, 0.127]], np.float32)
    integers, scales = quantize(Weight(numpy_helper.from_array(values, "w"), 0))
    assert integers.tolist() == [[1, -127], [0, 0], [127, 64]]
    assert scales[:, 0] == pytest.approx([1, 1, 0.002])
    integers, scales = quantize(Weight(numpy_helper.from_array(values, "w"), 1))
    assert scales.shape == (1, 2)
    assert np.abs(integers * scales - values).max() <= scales.max() / 2


def test_prefixes_are_whole_names() -> None:
    assert is_inside("a.b.c", ["a.b"])
    assert is_inside("a.b", ["a.b"])
    assert not is_inside("a.bc", ["a.b"])
    assert is_inside("a", [""])


def _graph(nodes: list[onnx.NodeProto], tensors: dict[str, NDArray[np.generic]]) -> onnx.ModelProto:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    stored = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "graph", [value], [out], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])


def test_a_matrix_that_two_layers_share_is_turned_once() -> None:
    random = np.random.default_rng(1)
    tensors = {"w": random.normal(size=(4, 4)).astype(np.float32), "b": np.arange(4, dtype=np.float32)}
    model = _graph(
        [
            helper.make_node("Gemm", ["x", "w", "b"], ["h"], "first/Gemm", transB=1),
            helper.make_node("Gemm", ["h", "w"], ["y"], "second/Gemm", transB=1),
        ],
        tensors,
    )
    x = np.array([[1, -2, 3, 0.5]], np.float32)
    expected = ReferenceEvaluator(model).run(None, {"x": x})[0]
    split_gemm(model)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["MatMul", "Add", "MatMul"]
    assert [tensor.name for tensor in model.graph.initializer] == ["b", "w.T"]
    assert ReferenceEvaluator(model).run(None, {"x": x})[0] == pytest.approx(expected)


def test_bands_of_a_map_are_one_map() -> None:
    ends = {"0": [0], "2": [2], "4": [4], "axis": [1]}
    tensors: dict[str, NDArray[np.generic]] = {k: np.array(v, np.int64) for k, v in ends.items()}
    tensors |= {"w": np.eye(2, dtype=np.float32), "v": np.eye(2, dtype=np.float32)}
    nodes = [
        helper.make_node("Slice", ["x", "0", "2", "axis"], ["a"]),
        helper.make_node("Slice", ["x", "2", "4", "axis"], ["b"]),
        helper.make_node("MatMul", ["a", "w"], ["aw"]),
        helper.make_node("MatMul", ["b", "w"], ["bw"]),
        helper.make_node("MatMul", ["b", "v"], ["bv"]),
        helper.make_node("Concat", ["aw", "bw"], ["y"], axis=1),
    ]
    maps = same_maps(_graph(nodes, tensors))
    assert maps == {"a": "a", "b": "a", "aw": "aw", "bw": "aw", "bv": "bv", "y": "y"}


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (100, 150)), (480, (0, 255))],
    ids=["one value is left to saturate", "a thousandth is not"],
)
def test_ranges_leave_one_value_in_a_hundred_thousand_out(count: int, expected: tuple[int, int]) -> None:
    """Of 480,000 values, this many at either end."""
    photo = np.linspace(100, 150, 480_000).round().astype(np.uint8)
    photo[:count], photo[-count:] = 0, 255
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, 400, 400, 3])
    values = helper.make_tensor_value_info("values", TensorProto.FLOAT, [1, 400, 400, 3])
    cast = helper.make_node("Cast", ["pixels"], ["values"], to=TensorProto.FLOAT)
    model = helper.make_model(
        helper.make_graph([cast], "graph", [pixels], [values]),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    measured = ranges(model, ["values"], [photo.reshape(400, 400, 3)])
    assert measured["values"].range_value == pytest.approx(expected, abs=1)
