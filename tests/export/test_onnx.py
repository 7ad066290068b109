"""The ONNX files: valid, anonymous, reproducible, and the same function as the PyTorch network."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.exporter import export
from mobileiqa_export.reference import as_trained
from mobileiqa_export.subject import StudentSource
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.runtimes.onnx import Session

from .conftest import SMALL, TINY, filled
from .formulas import formula_image

CONFIGS = {"small": SMALL, "tiny": TINY}
VARIANTS = ["small", "small as trained", "tiny"]
SIZES = [(600, 800), (97, 131), (333, 77), (64, 501), (201, 199)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="module")
def artifacts(folder: Path) -> dict[str, Path]:
    """All variants, exported once."""
    made = {}
    for variant in VARIANTS:
        name = variant.split()[0]
        checkpoint = folder / f"{name}.safetensors"
        save_checkpoint(checkpoint, filled(CONFIGS[name]), CONFIGS[name], name=name)
        made[variant] = folder / variant
        export(StudentSource(checkpoint, rewrites=variant == name), made[variant])
    return made


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def model(artifacts: dict[str, Path], variant: str) -> onnx.ModelProto:
    return onnx.load(artifacts[variant] / "model.onnx")


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def test_it_is_valid(model: onnx.ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 20)]
    assert not model.functions


def test_its_interface(model: onnx.ModelProto, variant: str) -> None:
    def described(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
        tensor = value.type.tensor_type
        return value.name, tensor.elem_type, [side.dim_value for side in tensor.shape.dim]

    height, width = CONFIGS[variant.split()[0]].input_size
    assert [described(v) for v in model.graph.input] == [
        ("pixels", onnx.TensorProto.UINT8, [1, height, width, 3])
    ]
    name, shape = ("opinions", [1, 2]) if variant.startswith("tiny") else ("score", [1])
    assert [described(v) for v in model.graph.output] == [(name, onnx.TensorProto.FLOAT, shape)]


def test_its_operators(model: onnx.ModelProto, variant: str) -> None:
    kinds = Counter(node.op_type for node in _nodes(model.graph))
    assert {node.domain for node in _nodes(model.graph)} <= {"", "ai.onnx"}
    # Erf and Tanh are what GELU would be decomposed into; control flow has no place in such a network.
    assert not kinds.keys() & {"Erf", "Tanh", "If", "Loop", "Scan", "BatchNormalization"}
    assert bool(kinds["Gelu"]) == variant.startswith("small")
    if variant == "small as trained":
        assert kinds["Gelu"] == 5
    if variant == "small":  # adaptive pooling has become matrix products
        assert not kinds.keys() & {"Gather", "GatherND", "Where", "AdaptiveAvgPool2d"}
    assert kinds["AveragePool"] == variant.startswith("small")


def test_nothing_is_left_of_the_machine_that_made_it(artifacts: dict[str, Path], variant: str) -> None:
    model = onnx.load(artifacts[variant] / "model.onnx")
    assert not model.graph.value_info
    assert not model.graph.metadata_props
    assert not any(node.metadata_props or node.doc_string for node in _nodes(model.graph))
    assert [entry.key for entry in model.metadata_props] == [METADATA_KEY]
    spec = importlib.util.find_spec("mobileiqa_export")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent
    traces = [Path.cwd(), Path.home(), source, source.parents[1], artifacts[variant].parent]
    # The root folder alone is in any file.
    words = [str(path) for path in traces if len(str(path)) > 1]
    for file in artifacts[variant].iterdir():
        content = file.read_bytes()
        if file.suffix == ".png":  # three letters are in compressed pixels by chance, so its texts are read
            content = repr(Image.open(file).info).encode()
        for word in (*words, "site-packages", ".py", "Traceback"):
            assert word.encode() not in content, (file.name, word)


def test_the_contract_inside_is_the_one_beside_it(artifacts: dict[str, Path], variant: str) -> None:
    (inside,) = onnx.load(artifacts[variant] / "model.onnx").metadata_props
    beside = (artifacts[variant] / "contract.json").read_text(encoding="utf-8")
    assert inside.value == beside.rstrip("\n")
    assert Session(artifacts[variant] / "model.onnx", 1).contract == ModelContract.from_json(beside, "beside")


def test_two_exports_are_the_same_bytes(artifacts: dict[str, Path], variant: str, folder: Path) -> None:
    name = variant.split()[0]
    again = folder / f"{variant} again"
    export(StudentSource(folder / f"{name}.safetensors", rewrites=variant == name), again)
    for file in artifacts[variant].iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes(), file.name


def test_it_scores_as_pytorch_does(artifacts: dict[str, Path], variant: str) -> None:
    config = CONFIGS[variant.split()[0]]
    images = {f"{h}x{w}": formula_image(h, w, seed) for seed, (h, w) in enumerate(SIZES)}
    images |= {
        "black": np.zeros((60, 80, 3), np.uint8),
        "white": np.full((71, 63, 3), 255, np.uint8),
        "grey": np.full((97, 130, 3), 127, np.uint8),
        "noise": np.random.default_rng(3).integers(0, 256, (150, 170, 3), dtype=np.uint8),
    }
    trained = as_trained(filled(config), config)
    references = {
        name: trained(resize(Image.fromarray(image), *config.input_size)) for name, image in images.items()
    }
    scorer = Scorer(artifacts[variant], threads=1)
    scores = {name: scorer.score(image) for name, image in images.items()}
    assert scores == pytest.approx(references, abs=1e-5)
    assert len({round(score, 4) for score in scores.values()}) > 3


def test_rewrites_do_not_change_scores(artifacts: dict[str, Path]) -> None:
    rewritten, trained = (Scorer(artifacts[name], threads=1) for name in ("small", "small as trained"))
    for seed, size in enumerate(SIZES):
        image = formula_image(*size, seed)
        assert rewritten.score(image) == pytest.approx(trained.score(image), abs=1e-5)
