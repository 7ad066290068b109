"""Core ML packages of both students, executed: the same scores, the promised metadata, the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from .conftest import filled
from .formulas import formula_image
from .jobs import contract

pytest.importorskip("coremltools")

from mobileiqa_export.errors import ConversionFailed, ExportError
from mobileiqa_export.formats import FORMATS, Job, count_layers, save
from mobileiqa_export.formats.coreml_quantize import clustered
from mobileiqa_export.precisions import PRECISIONS
from mobileiqa_export.rewrite import rewrite
from mobileiqa_export.student import StudentConfig
from mobileiqa_mil import CoreMLProgram
from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.package import Package
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.library import size_of

CONFIGS = {
    "moments": StudentConfig(
        "moments", "mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(96, 96)
    ),
    "attention": StudentConfig(grid=6, width=8, hidden=8, views=2, input_size=(96, 128)),
}
# Of the drift that is allowed; the systems are Core ML's specification versions for iOS 16 to 18.
DRIFT = {"fp32": 1e-6, "fp16": 1e-3, "int8-weights": 5e-3, "int4-weights": 2e-2, "int8-static": 2e-2}
SYSTEM = {"fp32": 7, "fp16": 7, "int8-weights": 7, "int8-static": 8, "int4-weights": 9}


def network(kind: str) -> nn.Module:
    return rewrite(filled(CONFIGS[kind]).eval(), CONFIGS[kind]).network


def job(kind: str, precision: str, folder: Path, **changes: object) -> Job:
    height, width = CONFIGS[kind].input_size
    embedded = contract((height, width), CONFIGS[kind].opinions)
    folder.mkdir(parents=True)
    made = Job(network(kind), embedded, PRECISIONS[precision], folder, images(kind)[:4])
    return replace(made, **changes)  # type: ignore[arg-type]


def images(kind: str) -> list[np.ndarray]:
    size = CONFIGS[kind].input_size
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    return [*(formula_image(*size, seed) for seed in range(3)), noise, np.zeros_like(noise), 255 - noise // 2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Every cell of the matrix for the moments student; floats and static int8 for the other."""
    root = tmp_path_factory.mktemp("coreml")
    cells = [("moments", precision) for precision in map(str, FORMATS["coreml"].precisions)]
    cells += [("attention", precision) for precision in ("fp32", "fp16", "int8-static")]
    return {cell: save("coreml", job(*cell, root / "-".join(cell))) for cell in cells}


def test_every_cell_scores_as_pytorch_does(made: dict[tuple[str, str], Path]) -> None:
    for (kind, precision), path in made.items():
        reference, program = network(kind), CoreMLProgram(path, 1)
        with torch.inference_mode():
            expected = [float(reference(torch.from_numpy(image)[None]).mean()) for image in images(kind)]
        actual = [program.run(image) for image in images(kind)]
        assert actual == pytest.approx(expected, abs=DRIFT[precision]), (kind, precision)
        assert len(set(actual)) == len(actual), "scores tie"


def test_small_is_smaller(made: dict[tuple[str, str], Path]) -> None:
    sizes = {
        precision: size_of(made["moments", precision]) for precision in map(str, FORMATS["coreml"].precisions)
    }
    assert sizes["fp16"] < 0.6 * sizes["fp32"]
    assert sizes["int8-weights"] < 0.35 * sizes["fp32"]
    assert sizes["int8-static"] < 0.35 * sizes["fp32"]
    assert sizes["int4-weights"] < 0.25 * sizes["fp32"]


def test_what_is_quantized(made: dict[tuple[str, str], Path]) -> None:
    kinds = {
        cell: {step.kind for step in CoreMLProgram(path, 1).program.operations} for cell, path in made.items()
    }
    for (kind, precision), actual in kinds.items():
        assert ({"quantize", "dequantize"} <= actual) == (precision == "int8-static"), (kind, precision)
    steps = CoreMLProgram(made["moments", "int8-static"], 1).program.operations
    last = max(number for number, step in enumerate(steps) if step.kind == "quantize")
    assert not [step for step in steps[:last] if step.kind in ("sigmoid", "linear")], "the head is quantized"


def test_its_description(made: dict[tuple[str, str], Path]) -> None:
    for (kind, precision), path in made.items():
        model = Package(path).model
        assert model.specificationVersion == SYSTEM[precision], precision
        metadata = model.description.metadata
        contract = ModelContract.from_json(metadata.userDefined[METADATA_KEY], "inside")
        assert contract.input.height == CONFIGS[kind].input_size[0]
        assert (metadata.author, metadata.license, metadata.versionString) == (
            "MobileIQA SDK",
            "Apache-2.0",
            "1.2",
        )
        assert metadata.shortDescription.startswith("tiny: ")
        (image,), (score,) = model.description.input, model.description.output
        assert (image.name, image.type.imageType.width) == ("image", CONFIGS[kind].input_size[1])
        assert score.name == ("opinions" if kind == "moments" else "score")
        assert not [key for key in metadata.userDefined if "date" in key]


def test_only_a_package_is_left(made: dict[tuple[str, str], Path]) -> None:
    path = made["moments", "fp16"]
    assert [file.name for file in path.parent.iterdir()] == ["model.mlpackage"]
    files = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
    inside = "Data/com.apple.CoreML"
    assert files == [f"{inside}/model.mlmodel", f"{inside}/weights/weight.bin", "Manifest.json"]
    for word in (str(Path.cwd()), str(path.parent), "site-packages", ".py"):
        assert word.encode() not in (path / inside / "model.mlmodel").read_bytes(), word


def test_coremltools_opens_it(made: dict[tuple[str, str], Path]) -> None:
    for (kind, _), path in made.items():
        spec = load("coremltools").models.MLModel(str(path), skip_model_load=True).get_spec()
        assert spec.description.output[0].name == ("opinions" if kind == "moments" else "score")


@pytest.mark.parametrize("precision", ["fp16", "int4-weights", "int8-static"])
def test_two_exports_are_the_same_bytes(
    made: dict[tuple[str, str], Path], precision: str, tmp_path: Path
) -> None:
    path = made["moments", precision]
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))  # another number than before
    again = save("coreml", job("moments", precision, tmp_path / "again"))
    torch.set_num_threads(threads)
    for file in path.rglob("*"):
        if file.is_file():
            assert (again / file.relative_to(path)).read_bytes() == file.read_bytes(), file.name


def _operations(path: Path) -> list[tuple[str, str]]:
    """Type and name of the result, of what compresses."""
    model = Package(path).model
    function = model.mlProgram.functions["main"]
    operations = function.block_specializations[function.opset].operations
    kinds = ("constexpr_", "quantize")
    return [(str(o.type), str(o.outputs[0].name)) for o in operations if o.type.startswith(kinds)]


def _quantized(path: Path) -> list[str]:
    return [name for _, name in _operations(path)]


def test_large_weights_have_a_table_for_each_channel(made: dict[tuple[str, str], Path]) -> None:
    path = made["moments", "int4-weights"]
    kinds = {name: kind for kind, name in _operations(path)}
    tables = {name for name, kind in kinds.items() if kind == "constexpr_lut_to_dense"}
    large = [name for name, p in network("moments").named_parameters() if p.dim() > 1 and p.numel() >= 32768]
    assert 4 < len(tables) == len(large) == count_layers("coreml", path).four_bits
    assert count_layers("coreml", made["moments", "int8-weights"]).four_bits == 0
    assert {kinds[name] for name in kinds.keys() - tables} == {"constexpr_blockwise_shift_scale"}
    weight = network("moments").get_parameter("local_cnn.blocks.6.0.conv.weight").detach()
    channel = weight.half().numpy()[0]
    table, indices = clustered(channel)
    assert (table.shape, indices.shape) == ((16,), (channel.size,))
    nearest = np.abs(channel.reshape(-1, 1).astype(np.float32) - table.astype(np.float32)).min(1)
    np.testing.assert_allclose(np.abs(channel.reshape(-1) - table[indices]), nearest, atol=1e-3)


@pytest.mark.parametrize("precision", ["int4-weights", "int8-static"])
def test_modules_with_int8_weights_only(
    made: dict[tuple[str, str], Path], precision: str, tmp_path: Path
) -> None:
    def of_block(path: Path) -> set[str]:
        return {kind for kind, name in _operations(path) if "blocks_6_0_conv" in name}

    spared = frozenset({"local_cnn.blocks.6"})
    path = save("coreml", job("moments", precision, tmp_path / "a", weight_only=spared))
    integers = {
        "int4-weights": "constexpr_blockwise_shift_scale",
        "int8-static": "constexpr_affine_dequantize",
    }
    assert of_block(path) == {integers[precision]}
    counts = [
        sum(kind in ("quantize", "constexpr_lut_to_dense") for kind, _ in _operations(each))
        for each in (path, made["moments", precision])
    ]
    assert 0 < counts[0] < counts[1]
    assert size_of(path) < size_of(made["moments", "fp16"])


@pytest.mark.parametrize("precision", ["int8-weights", "int8-static"])
def test_modules_that_stay_float(made: dict[tuple[str, str], Path], precision: str, tmp_path: Path) -> None:
    everything = _quantized(made["moments", precision])
    kept = save(
        "coreml", job("moments", precision, tmp_path / "a", keep_float=frozenset({"local_cnn.blocks.6"}))
    )
    assert any("blocks_6_0_conv" in name for name in everything)
    assert not any("blocks_6_0_conv" in name for name in _quantized(kept))
    assert any("blocks_5_" in name for name in _quantized(kept))
    assert len(_quantized(kept)) < len(everything)


def test_what_cannot_stay_float_or_be_calibrated(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="'nowhere'"):
        save("coreml", job("moments", "int8-weights", tmp_path / "a", keep_float=frozenset({"nowhere"})))
    with pytest.raises(ExportError, match="photos"):
        save("coreml", job("moments", "int8-static", tmp_path / "b", calibration=()))
    assert not list((tmp_path / "b").iterdir())


class Loud(nn.Module):
    """Squares that do not fit fp16."""

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.to(torch.float32) * 4
        deviation = ((x - x.mean((1, 2, 3), keepdim=True)) ** 2).mean((1, 2, 3))
        return torch.sqrt(deviation) / 1000


def test_a_variance_that_would_be_infinite_in_fp16(tmp_path: Path) -> None:
    image = images("moments")[3]
    embedded = contract(CONFIGS["moments"].input_size)
    path = save("coreml", job("moments", "fp16", tmp_path / "a", network=Loud().eval(), contract=embedded))
    expected = float(Loud()(torch.from_numpy(image)[None]))
    assert expected * 1000 > 256
    assert CoreMLProgram(path, 1).run(image) == pytest.approx(expected, abs=1e-3)


class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x)


class Odd(nn.Module):
    """An operator that Core ML does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.odd = Inner()

    def forward(self, pixels: Tensor) -> Tensor:
        return self.odd(pixels.to(torch.float32)).mean((1, 2, 3))


class Branching(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.to(torch.float32).mean((1, 2, 3))
        return x if x.sum() > 3 else -x


def test_networks_that_cannot_be_converted(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match=r"'special_bessel_j0'.* odd"):
        save("coreml", job("moments", "fp32", tmp_path / "a", network=Odd().eval()))
    with pytest.raises(ConversionFailed, match=r"cannot be exported by torch\.export"):
        save("coreml", job("moments", "fp32", tmp_path / "b", network=Branching().eval()))


def test_the_manifest_names_what_is_there(made: dict[tuple[str, str], Path]) -> None:
    path = made["moments", "fp32"]
    manifest = json.loads((path / "Manifest.json").read_text())
    paths = {key: entry["path"] for key, entry in manifest["itemInfoEntries"].items()}
    assert all((path / "Data" / inside).exists() for inside in paths.values())
    assert paths[manifest["rootModelIdentifier"]].endswith("model.mlmodel")
