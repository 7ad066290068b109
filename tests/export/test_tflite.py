"""The TFLite files: every precision, quiet, reproducible, and the same function as the PyTorch network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from torch import Tensor, nn

from mobileiqa_export.errors import ExportError
from mobileiqa_export.formats import FORMATS, Job, save
from mobileiqa_export.formats.tflite_layout import channels_last
from mobileiqa_export.formats.tflite_scopes import Scopes
from mobileiqa_export.precisions import PRECISIONS
from mobileiqa_export.rewrite import rewrite
from mobileiqa_export.student import StudentConfig
from mobileiqa_sdk import Scorer
from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk.runtimes.tflite_file import CONTRACT

from .conftest import SMALL, TINY, filled
from .formulas import formula_image
from .jobs import contract

with quiet():
    import litert_torch

CONFIGS = {"small": SMALL, "tiny": TINY}
SEEDS = range(6)


def network(name: str) -> nn.Module:
    return rewrite(filled(CONFIGS[name]), CONFIGS[name]).network


def images(config: StudentConfig) -> list[np.ndarray]:
    return [formula_image(*config.input_size, seed) for seed in SEEDS]


def job(name: str, precision: str, folder: Path, **changes: object) -> Job:
    config = CONFIGS[name]
    folder.mkdir(parents=True, exist_ok=True)
    made = Job(
        network(name),
        contract(config.input_size, config.opinions),
        PRECISIONS[precision],
        folder,
        tuple(images(config)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _one_conversion() -> Iterator[None]:
    """The slow part is the same for every precision of a network."""
    convert = litert_torch.convert
    made: dict[str, Any] = {}

    def once(network: nn.Module, example: tuple[torch.Tensor, ...]) -> Any:
        kind = type(network).__name__
        return made[kind] if kind in made else made.setdefault(kind, convert(network, example))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(litert_torch, "convert", once)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tflite")


OFFERED = [precision.name for precision in FORMATS["tflite"].precisions]
CELLS = [("tiny", precision) for precision in OFFERED] + [("small", "fp32"), ("small", "int8-dynamic")]


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[tuple[str, str], Path]:
    """Every precision of the moments student, two of the published form, exported once."""
    return {cell: save("tflite", job(*cell, folder / "-".join(cell))) for cell in CELLS}


@pytest.fixture(params=CELLS, ids="-".join)
def cell(request: pytest.FixtureRequest) -> tuple[str, str]:
    name, precision = request.param
    return name, precision


def graph_of(path: Path) -> tuple[object, object]:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    return model, model.subgraphs[0]


def kinds(path: Path) -> Counter[str]:
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    model, graph = graph_of(path)
    return Counter(names[model.operatorCodes[op.opcodeIndex].builtinCode] for op in graph.operators)


TOLERANCES = {"fp32": 1e-6, "fp16": 5e-3, "int8-weights": 5e-3, "int8-dynamic": 5e-3, "int8-static": 2e-2}


def test_it_scores_as_pytorch_does(files: dict[tuple[str, str], Path], cell: tuple[str, str]) -> None:
    name, precision = cell
    reference, session = network(name), Scorer(files[cell], threads=1)._runtime
    with torch.inference_mode():
        expected = [float(reference(torch.from_numpy(x)[None]).mean()) for x in images(CONFIGS[name])]
    actual = [session.run(x) for x in images(CONFIGS[name])]
    assert actual == pytest.approx(expected, abs=TOLERANCES[precision])
    if precision != "fp32":
        assert actual != pytest.approx(expected, abs=1e-8)


def test_its_interface(files: dict[tuple[str, str], Path], cell: tuple[str, str]) -> None:
    _, graph = graph_of(files[cell])
    tensors = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    pixels = [1, *CONFIGS[cell[0]].input_size, 3]
    assert [(tensor.type, list(tensor.shape)) for tensor in tensors] == [
        (schema.TensorType.UINT8, pixels),
        (schema.TensorType.FLOAT32, [1, 2] if cell[0] == "tiny" else [1]),
    ]


def test_its_size(files: dict[tuple[str, str], Path]) -> None:
    size = {precision: files["tiny", precision].stat().st_size for precision in OFFERED}
    assert size["fp16"] < 0.55 * size["fp32"]
    assert all(size[precision] < 0.36 * size["fp32"] for precision in OFFERED if "int8" in precision)


def test_its_operators(files: dict[tuple[str, str], Path]) -> None:
    tiny, small = kinds(files["tiny", "fp32"]), kinds(files["small", "fp32"])
    assert not tiny["TRANSPOSE"]  # channels last from the pixels to the score
    assert small["GELU"] == 5
    assert not {"ERF", "TANH", "CUSTOM", "GATHER", "WHILE"} & {*tiny, *small}


def test_large_maps_are_never_transposed(files: dict[tuple[str, str], Path]) -> None:
    model, graph = graph_of(files["small", "fp32"])
    transposes = [
        op
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode == schema.BuiltinOperator.TRANSPOSE
    ]
    assert transposes
    height, width = SMALL.input_size
    largest = max(int(np.prod(graph.tensors[op.outputs[0]].shape)) for op in transposes)
    # The first tap has 16 channels at half the size; its rows are pooled before anything is turned.
    assert largest <= SMALL.grid * (width + 1) // 2 * SMALL.hidden < 16 * height * width // 4


def test_the_contract_is_attached(files: dict[tuple[str, str], Path], cell: tuple[str, str]) -> None:
    expected = contract(CONFIGS[cell[0]].input_size, CONFIGS[cell[0]].opinions)
    with zipfile.ZipFile(files[cell]) as attached:
        assert attached.read(CONTRACT).decode() == expected.to_json()
    assert Scorer(files[cell], threads=1).contract == expected


def test_nothing_is_left_of_the_machine_that_made_it(files: dict[tuple[str, str], Path]) -> None:
    for path in files.values():
        content = path.read_bytes()
        for word in (str(Path.cwd()), str(path.parent), "site-packages", ".py", "Traceback"):
            assert word.encode() not in content, (path, word)


AGAIN = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import mobileiqa_export.formats
assert "litert_torch" not in sys.modules
from tests.export import test_tflite
path = mobileiqa_export.formats.save("tflite", test_tflite.job("tiny", sys.argv[2], Path(sys.argv[3])))
assert "tensorflow" not in sys.modules
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_another_process_writes_the_same_bytes_quietly(
    files: dict[tuple[str, str], Path], folder: Path
) -> None:
    here = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AGAIN, here, "int8-static", str(folder / "again")],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.returncode == 0, done.stderr
    content = files["tiny", "int8-static"].read_bytes()
    assert (done.stdout, done.stderr) == (hashlib.sha256(content).hexdigest() + "\n", "")


def types(path: Path) -> dict[str, int]:
    """Result's name -> type of the weights, for convolutions and matrix products."""
    model, graph = graph_of(path)
    weighted = {schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED}
    return {
        graph.tensors[op.outputs[0]].name.decode(): graph.tensors[op.inputs[1]].type
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode in weighted
    }


def test_modules_stay_float(folder: Path) -> None:
    keep = frozenset({"head.hidden", "local_cnn.blocks.1"})
    path = save("tflite", job("tiny", "int8-dynamic", folder / "kept", keep_float=keep))
    actual = types(path)
    stay = {name for name in actual if "Linear_hidden" in name or "Sequential_1/" in name.split(";")[0]}
    # Two blocks of two 1x1 convolutions each, and the wide layer.
    assert len(stay) == 5
    assert {actual[name] for name in stay} == {schema.TensorType.FLOAT32}
    others = actual.keys() - stay
    assert len(others) > 20
    assert {actual[name] for name in others} == {schema.TensorType.INT8}


def test_modules_with_int8_weights_only(files: dict[tuple[str, str], Path], folder: Path) -> None:
    def convolutions(path: Path) -> list[tuple[int, int | None]]:
        """Of one block: type of the result, and what was stored where the weights are made floats."""
        model, graph = graph_of(path)
        codes = [model.operatorCodes[op.opcodeIndex].builtinCode for op in graph.operators]
        made_of = {
            op.outputs[0]: graph.tensors[op.inputs[0]].type
            for op, code in zip(graph.operators, codes, strict=True)
            if code == schema.BuiltinOperator.DEQUANTIZE
        }
        return [
            (graph.tensors[op.outputs[0]].type, made_of.get(op.inputs[1]))
            for op, code in zip(graph.operators, codes, strict=True)
            if code == schema.BuiltinOperator.CONV_2D
            and "Sequential_1/" in graph.tensors[op.outputs[0]].name.decode().split(";")[0]
        ]

    spared = frozenset({"local_cnn.blocks.1"})
    path = save("tflite", job("tiny", "int8-static", folder / "spared", weight_only=spared))
    assert convolutions(path) == [(schema.TensorType.FLOAT32, schema.TensorType.INT8)] * 4
    assert convolutions(files["tiny", "int8-static"]) == [(schema.TensorType.INT8, None)] * 4


def test_moments_and_the_last_values_stay_float(files: dict[tuple[str, str], Path]) -> None:
    _, graph = graph_of(files["tiny", "int8-static"])
    by_type = {
        kind: {tensor.name.decode() for tensor in graph.tensors if tensor.type == kind and tensor.name}
        for kind in (schema.TensorType.FLOAT32, schema.TensorType.INT8)
    }
    floats, integers = by_type[schema.TensorType.FLOAT32], by_type[schema.TensorType.INT8]
    assert any("Statistics_statistics" in name for name in floats)
    assert any("Linear_hidden" in name for name in floats)  # eight values
    assert not any("Linear_hidden" in name or "Statistics" in name.split(";")[0] for name in integers)
    assert any("Sequential_3/" in name for name in integers)
    assert len(integers) > 60


def test_a_module_that_there_is_not(folder: Path) -> None:
    with pytest.raises(ExportError, match=r"'tail'.*local_cnn, head"):
        save("tflite", job("tiny", "fp16", folder / "none", keep_float=frozenset({"tail"})))


def test_calibration_needs_photos(folder: Path) -> None:
    with pytest.raises(ExportError, match="photos"):
        save("tflite", job("tiny", "int8-static", folder / "uncalibrated", calibration=()))


def test_scopes_are_prefixes_of_whole_names() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.act = nn.Conv2d(1, 1, 1), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.act(self.conv(x)) + x
            return out

    model = nn.Module()
    model.blocks, model.act = nn.ModuleList(Block() for _ in range(11)), nn.ReLU()
    root, block = "torch.nn.modules.module.Module", f"{Block.__module__}.{Block.__qualname__}"
    conv, act = "torch.nn.modules.conv.Conv2d_conv", "torch.nn.modules.activation.ReLU_act"
    first = Scopes(model, {"blocks.1"})
    assert first.hold(f"{root}/{block}_1;3")
    assert first.hold(f"{root}/{block}_1/{act};;{root}/{block}_0/{act};;{root}/{block}_1/{conv};1")
    assert not first.hold(f"{root}/{block}_10/{act};;{root}/{block}_1/{act};;{root}/{block}_10/{conv};1")
    assert not first.hold(f"{root};12")
    assert not first.hold(f"{root}/{act};1")
    # A list is never called, but what is in it may compute.
    every = Scopes(model, {"blocks"})
    assert every.hold(f"{root}/{block}_1;3")
    assert every.hold(f"{root}/{block}_10;3")
    assert not every.hold(f"{root}/{act};1")
    leaf = Scopes(model, {"blocks.1.conv"})
    assert leaf.hold(f"{root}/{block}_1/{act};;{root}/{block}_1/{conv};1")
    assert not leaf.hold(f"{root}/{block}_1;3")
    assert not Scopes(model, ()).hold(f"{root};12")


@pytest.mark.parametrize("bands", [False, True])
@pytest.mark.parametrize("name", CONFIGS)
def test_channels_last_is_the_same_function(name: str, bands: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if bands:
        for module, limits in {
            "lda_streaming": {"STRIP_BYTES": 30_000},
            "backbone_streaming": {"WHOLE_BYTES": 300_000, "BAND_BYTES": 100_000},
        }.items():
            for limit, value in limits.items():
                monkeypatch.setattr(sys.modules[f"mobileiqa_export.rewrite.{module}"], limit, value)
    original = network(name).double()
    before = deepcopy(original.state_dict())
    twin = channels_last(original)
    pixels = torch.from_numpy(np.stack(images(CONFIGS[name])[:2]))
    with torch.inference_mode():
        torch.testing.assert_close(twin(pixels), original(pixels), rtol=0, atol=1e-9)
    assert type(twin) is not type(original) or name == "small"
    assert not any(module.training for module in twin.modules())
    classes = [type(module) for module in original.modules()]
    assert classes == [type(module) for module in network(name).modules()]
    assert {id(p) for p in twin.parameters()} == {id(p) for p in original.parameters()}
    assert all(torch.equal(before[key], value) for key, value in original.state_dict().items())
