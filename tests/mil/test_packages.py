"""Packages that are whole, damaged, or lie: a score or a named error."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("coremltools")

from mobileiqa_mil import CoreMLProgram
from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.errors import OperatorUnknown
from mobileiqa_mil.package import Package
from mobileiqa_mil.program import Program
from mobileiqa_mil.weights import WeightFile
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import (
    Golden,
    GoldenCase,
    InputSpec,
    ModelContract,
    ModelInfo,
    OutputSpec,
    Precision,
)
from mobileiqa_sdk.errors import ArtifactInvalid, ContractMismatch, ModelError

from .mil_models import HEIGHT, WIDTH, ct, mb, save

MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
PIXELS = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
Edit = Callable[[Any], None]


def contract(height: int = HEIGHT, width: int = WIDTH) -> dict[str, Any]:
    values = ModelContract(
        model=ModelInfo("tiny", "0.3", "a sum of pixels", "Apache-2.0", "0" * 64),
        input=InputSpec(height, width),
        outputs=(OutputSpec(),),
        precision=Precision(),
        golden=Golden(60, 80, 1e-4, (GoldenCase("0" * 64, 0.5),)),
    )
    return dict(json.loads(values.to_json()))


WEIGHT = np.random.default_rng(3).uniform(0, 1, (1, 3, HEIGHT, WIDTH)).astype(np.float32)


def weighted(image: Any) -> Any:
    total = mb.reduce_sum(x=mb.mul(x=image, y=WEIGHT), axes=[0, 1, 2, 3], keep_dims=False)
    return mb.mul(x=mb.expand_dims(x=total, axes=[0]), y=np.float32(1 / (255 * WEIGHT.sum())), name="score")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("made"), weighted, contract())


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made, tmp_path / "model.mlpackage"))


def edit(package: Path, change: Edit) -> None:
    file = package / MODEL
    model = load("coremltools.proto.Model_pb2").Model()
    model.ParseFromString(file.read_bytes())
    change(model)
    file.write_bytes(model.SerializeToString())


def operations(model: Any) -> Any:
    function = model.mlProgram.functions["main"]
    return function.block_specializations[function.opset].operations


def first(model: Any, kind: str) -> Any:
    return next(operation for operation in operations(model) if operation.type == kind)


def test_it_scores(package: Path) -> None:
    program = CoreMLProgram(package, 1)
    expected = (PIXELS.transpose(2, 0, 1) * WEIGHT[0]).sum() / (255 * WEIGHT.sum())
    assert program.run(PIXELS) == pytest.approx(expected, abs=1e-6)
    assert Scorer(package, runtime="coreml-reference", threads=1).contract.model.name == "tiny"


def test_values_are_observed_and_freed(package: Path) -> None:
    program = Program(Package(package))
    seen: list[str] = []
    program.run({"image": torch.zeros(1, 3, HEIGHT, WIDTH)}, lambda name, value: seen.append(name))
    assert seen[0] == "image"
    assert seen[-1] == "score"
    assert sorted(name for operation in program.operations for name in operation.last) == sorted(
        set(seen) - {"score"}
    )


def test_a_package_that_is_missing_parts(package: Path) -> None:
    (package / WEIGHTS).unlink()
    with pytest.raises(ArtifactInvalid, match=r"weight\.bin"):
        CoreMLProgram(package, 1)
    (package / MODEL).unlink()
    with pytest.raises(ArtifactInvalid, match=r"model\.mlmodel"):
        CoreMLProgram(package, 1)
    (package / "Manifest.json").unlink()
    with pytest.raises(ArtifactInvalid, match=r"Manifest\.json"):
        CoreMLProgram(package, 1)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 100_000, '{"rootModelIdentifier": []}', "\x00"])
def test_a_bad_manifest(package: Path, text: str) -> None:
    (package / "Manifest.json").write_text(text)
    with pytest.raises(ArtifactInvalid, match=r"Manifest\.json"):
        CoreMLProgram(package, 1)


@pytest.mark.parametrize(
    "where", ["../../secret", "/etc/hostname", "..", "com.apple.CoreML/../../../x", "a\0b", "x" * 5000]
)
def test_a_manifest_that_points_outside(package: Path, where: str) -> None:
    (package.parent / "secret").write_bytes((package / MODEL).read_bytes())
    values = {"rootModelIdentifier": "a", "itemInfoEntries": {"a": {"path": where}}}
    (package / "Manifest.json").write_text(json.dumps(values))
    with pytest.raises(ArtifactInvalid):
        CoreMLProgram(package, 1)


def test_a_link_that_leads_outside(package: Path) -> None:
    outside = package.parent / "weight.bin"
    shutil.move(package / WEIGHTS, outside)
    (package / WEIGHTS).symlink_to(outside)
    with pytest.raises(ArtifactInvalid, match="outside the package"):
        CoreMLProgram(package, 1)


@pytest.mark.parametrize("name", ["@model_path/../../../secret", "/etc/passwd", "weights/weight.bin", ""])
def test_weights_that_lie_outside(package: Path, name: str) -> None:
    def change(model: Any) -> None:
        for operation in operations(model):
            if operation.attributes["val"].HasField("blobFileValue"):
                operation.attributes["val"].blobFileValue.fileName = name

    edit(package, change)
    with pytest.raises(ArtifactInvalid, match=r"not inside the package|outside the package"):
        CoreMLProgram(package, 1)


def test_a_weight_file_cut_off_anywhere(package: Path) -> None:
    data = (package / WEIGHTS).read_bytes()
    for end in (0, 10, 63, 64, 100, 127, 128, 1000, len(data) - 1):
        (package / WEIGHTS).write_bytes(data[:end])
        with pytest.raises(ArtifactInvalid, match=r"weight\.bin: "):
            CoreMLProgram(package, 1)


def test_a_model_cut_off_anywhere(package: Path) -> None:
    data = (package / MODEL).read_bytes()
    for end in range(0, len(data), 37):
        (package / MODEL).write_bytes(data[:end])
        with pytest.raises(ModelError):
            CoreMLProgram(package, 1)


def _unknown(model: Any) -> None:
    first(model, "reduce_sum").type = "reduce_sums"


def _unknown_parameter(model: Any) -> None:
    operation = first(model, "reduce_sum")
    operation.inputs["odd"].CopyFrom(operation.inputs["x"])


def _missing_parameter(model: Any) -> None:
    del first(model, "reduce_sum").inputs["x"]


def _twice(model: Any) -> None:
    operations(model).append(first(model, "reduce_sum"))


def _too_early(model: Any) -> None:
    first(model, "mul").inputs["x"].arguments[0].name = "score"


def _absurd(model: Any) -> None:
    dimensions = first(model, "reduce_sum").outputs[0].type.tensorType.dimensions
    dimensions.add().constant.size = 2**40


def _free_input(model: Any) -> None:
    model.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[2].unknown.variadic = False


def _other_shape(model: Any) -> None:
    first(model, "mul").outputs[0].type.tensorType.dimensions[2].constant.size = 3


def _no_main(model: Any) -> None:
    del model.mlProgram.functions["main"]


def _no_output(model: Any) -> None:
    function = model.mlProgram.functions["main"]
    function.block_specializations[function.opset].outputs[0] = "nothing"


def _two_outputs(model: Any) -> None:
    function = model.mlProgram.functions["main"]
    function.block_specializations[function.opset].outputs.append("image")


def _another_offset(model: Any) -> None:
    first(model, "const").attributes["val"].blobFileValue.offset = 2**60


def _no_contract(model: Any) -> None:
    model.description.metadata.userDefined.clear()


def _bgr(model: Any) -> None:
    model.description.input[0].type.imageType.colorSpace = 30


def _another_size(model: Any) -> None:
    model.description.input[0].type.imageType.width = WIDTH + 1


def _another_kind(model: Any) -> None:
    model.identity.SetInParent()


def _huge_weight(model: Any) -> None:
    for operation in operations(model):
        if operation.attributes["val"].HasField("blobFileValue"):
            for side in operation.attributes["val"].type.tensorType.dimensions:
                side.constant.size = 2**20


def _odd_type(model: Any) -> None:
    first(model, "mul").outputs[0].type.tensorType.dataType = 999


def _renamed_by_an_attacker(model: Any) -> None:
    first(model, "reduce_sum").type = "reduce\x1b[2Jsums"


LIES: list[tuple[Edit, type[ModelError], str]] = [
    (_unknown, OperatorUnknown, "'reduce_sums'"),
    (_unknown_parameter, OperatorUnknown, "'reduce_sum' .*odd"),
    (_missing_parameter, OperatorUnknown, "'reduce_sum'"),
    (_twice, ArtifactInvalid, "used before"),
    (_too_early, ArtifactInvalid, "reads 'score' before"),
    (_absurd, ArtifactInvalid, "elements, more than"),
    (_free_input, ContractMismatch, "takes"),
    (_no_main, ArtifactInvalid, "no main function"),
    (_no_output, ArtifactInvalid, "nothing computes"),
    (_two_outputs, ContractMismatch, "promises the outputs"),
    (_no_contract, ArtifactInvalid, "without a MobileIQA contract"),
    (_bgr, ContractMismatch, "one RGB image"),
    (_another_size, ContractMismatch, "promises images"),
    (_another_kind, ArtifactInvalid, "identity"),
    (_odd_type, ArtifactInvalid, "999"),
    (_renamed_by_an_attacker, OperatorUnknown, r"x1b\[2J"),
    (_huge_weight, ArtifactInvalid, "elements, more than"),
]


@pytest.mark.parametrize(("change", "error", "text"), LIES, ids=[change.__name__ for change, _, _ in LIES])
def test_a_model_that_lies(package: Path, change: Edit, error: type[ModelError], text: str) -> None:
    edit(package, change)
    with pytest.raises(error, match=text) as caught:
        CoreMLProgram(package, 1)
    assert str(caught.value).isprintable()


def test_an_unknown_operation_is_named_with_its_output_and_source(package: Path) -> None:
    def change(model: Any) -> None:
        operation = first(model, "reduce_sum")
        operation.type = "reduce_sums"
        operation.attributes["name"].immediateValue.tensor.strings.values[0] = "features.3.sum"

    names: list[str] = []
    edit(package, lambda model: names.append(first(model, "reduce_sum").outputs[0].name))
    edit(package, change)
    with pytest.raises(OperatorUnknown) as caught:
        CoreMLProgram(package, 1)
    for part in ("'reduce_sums'", repr(names[0]), "'features.3.sum'"):
        assert part in str(caught.value)


def test_scoring_leaves_torchs_threads_alone(package: Path) -> None:
    outside = torch.get_num_threads()
    program = CoreMLProgram(package, outside + 2)
    assert torch.get_num_threads() == outside
    program.run(PIXELS)
    assert torch.get_num_threads() == outside


def test_a_result_of_another_shape(package: Path) -> None:
    edit(package, _other_shape)
    with pytest.raises(ContractMismatch, match="mul"):
        CoreMLProgram(package, 1).run(PIXELS)


def test_an_input_of_another_size(package: Path) -> None:
    with pytest.raises(ContractMismatch, match="'image'"):
        CoreMLProgram(package, 1).run(PIXELS[:-1])


@settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_damaged_bytes(made: Path, package: Path, data: st.DataObject) -> None:
    model = bytearray((made / MODEL).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(model)))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 8]))
        model[start : start + length] = data.draw(st.binary(min_size=1, max_size=4))
    (package / MODEL).write_bytes(bytes(model))
    try:
        score = CoreMLProgram(package, 1).run(PIXELS)
    except ModelError:
        return
    assert isinstance(score, float)


def test_half_precision_is_rounded_where_it_is_stored(tmp_path: Path) -> None:
    def body(image: Any) -> Any:
        half = mb.cast(x=image, dtype="fp16")
        grown = mb.add(x=half, y=np.float16(2048))
        back = mb.sub(x=grown, y=np.float16(2048))
        return mb.reduce_max(x=mb.cast(x=back, dtype="fp32"), axes=[1, 2, 3], keep_dims=False, name="score")

    program = Program(Package(save(tmp_path, body, contract())))
    for value, rounded in ((3, 4), (5, 4), (6, 6), (255, 256)):  # halves above 2048 are even
        assert program.run({"image": torch.full((1, 3, HEIGHT, WIDTH), value)})["score"] == rounded


def test_every_type_of_weight(tmp_path: Path) -> None:
    writer = load("coremltools.libmilstoragepython")._BlobStorageWriter(str(tmp_path / "weight.bin"))
    random = np.random.default_rng(5)
    kinds = {"float": np.float32, "uint8": np.uint8, "int8": np.int8, "uint16": np.uint16, "int16": np.int16}
    kinds |= {"int32": np.int32, "uint32": np.uint32}
    values: dict[str, np.ndarray] = {k: random.integers(0, 100, 7).astype(t) for k, t in kinds.items()}
    values |= {f"uint{bits}": random.integers(0, 2**bits, 11).astype(np.uint8) for bits in (1, 2, 3, 4, 6)}
    values["int4"] = random.integers(-8, 8, 11).astype(np.int8)
    offsets = {kind: getattr(writer, f"write_{kind}_data")(array) for kind, array in values.items()}
    del writer
    file = WeightFile(tmp_path / "weight.bin")
    for kind, array in values.items():
        np.testing.assert_array_equal(file.read(offsets[kind], len(array)), array, err_msg=kind)
        with pytest.raises(ArtifactInvalid, match="are not"):
            file.read(offsets[kind], len(array) + 1)
    with pytest.raises(ArtifactInvalid, match="no weights begin"):
        file.read(offsets["int4"] + 1, 1)


COMPRESSIONS = {
    "blocks": ("linear_quantize_weights", "OpLinearQuantizerConfig", "linear_symmetric", "per_block"),
    "tables": ("palettize_weights", "OpPalettizerConfig", "uniform", "per_grouped_channel"),
    "scaled tables": ("palettize_weights", "OpPalettizerConfig", "uniform", "per_grouped_channel"),
}


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_weights_compressed_for_ios_18(kind: str, tmp_path: Path) -> None:
    weight = np.random.default_rng(6).normal(0, 0.01, (8, 3 * HEIGHT * WIDTH)).astype(np.float32)

    def body(image: Any) -> Any:
        flat = mb.reshape(x=image, shape=[1, 3 * HEIGHT * WIDTH])
        return mb.reduce_mean(x=mb.linear(x=flat, weight=weight), axes=[1], keep_dims=False, name="score")

    cto = load("coremltools.optimize.coreml")
    plain = ct.models.MLModel(str(save(tmp_path, body, contract(), "iOS18")), skip_model_load=True)
    compress, config, mode, granularity = COMPRESSIONS[kind]
    settings: dict[str, Any] = {"nbits": 4, "group_size": 2, "enable_per_channel_scale": kind != "tables"}
    if kind == "blocks":
        settings = {"dtype": "int4", "block_size": 32}
    made = getattr(cto, config)(mode=mode, granularity=granularity, **settings)
    small = getattr(cto, compress)(plain, cto.OptimizationConfig(global_config=made))
    small.save(str(tmp_path / "small.mlpackage"))
    package = Package(tmp_path / "small.mlpackage")
    kinds = {
        o.type for o in package.model.mlProgram.functions["main"].block_specializations["CoreML8"].operations
    }
    assert ("constexpr_lut_to_dense" in kinds) == (kind != "blocks")
    assert ("constexpr_blockwise_shift_scale" in kinds) == (kind != "tables")
    program = Program(package)
    restored = cto.decompress_weights(small)
    restored.save(str(tmp_path / "restored.mlpackage"))
    image = {"image": torch.from_numpy(PIXELS.transpose(2, 0, 1)[None].copy()).float()}
    one, other = (p.run(image)["score"] for p in (program, Program(Package(tmp_path / "restored.mlpackage"))))
    assert isinstance(one, torch.Tensor)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("size", "unused", "valid"), [(3, 0, True), (4, 8, False), (3, 1, False), (2, 0, False)]
)
def test_unused_bits_are_those_of_the_last_byte(size: int, unused: int, valid: bool, tmp_path: Path) -> None:
    record = struct.pack("<IIQQQ", 0xDEADBEEF, 3, size, 32, unused)
    (tmp_path / "weight.bin").write_bytes(record + bytes(8))
    file = WeightFile(tmp_path / "weight.bin")
    if valid:
        assert file.read(0, 3).tolist() == [0, 0, 0]
        return
    with pytest.raises(ArtifactInvalid):
        file.read(0, 3)
