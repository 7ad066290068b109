"""Students that take photos of any size: their artifacts answer alike at every size, with every setting."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest
import torch
from PIL import Image

from mobileiqa_bench.fidelity.images import verification_set
from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export import Options, export
from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.errors import ConversionFailed
from mobileiqa_export.formats import count_layers
from mobileiqa_export.formats.onnx_bands import BANDS
from mobileiqa_export.reference import as_trained
from mobileiqa_export.student import StudentConfig, build_student
from mobileiqa_export.student.moments import CLIP, LinearViews
from mobileiqa_export.student.padding import ConstantlyPaddedConv2d, SameConv2d
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import InputSpec
from mobileiqa_sdk.fit import Setting
from mobileiqa_sdk.runtimes.coreml_image import image_size_problem

from .sizes import noise, scores_before_and_after_rewriting

SETTINGS = (("fast", 96 * 96), ("high", 192 * 192))
CONFIG = StudentConfig(
    "moments",
    "mobilenetv3-large-minimalistic",
    views=2,
    input_size=(96, 96),
    head="linear",
    settings=SETTINGS,
)
SPEC = InputSpec(fit="keep-aspect", settings=tuple(Setting(name, most) for name, most in SETTINGS))
SIZES = ((32, 32), (96, 160), (101, 47), (3, 211))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    student = build_student(CONFIG)
    head = student.head
    assert isinstance(head, LinearViews)
    with torch.no_grad():
        head.opinion.weight.mul_(0.2)
        head.opinion.bias.fill_(0.5)
    path = tmp_path_factory.mktemp("free") / "free.safetensors"
    save_checkpoint(path, student, CONFIG, name="free")
    return path


@pytest.fixture(scope="module", params=["onnx", "tflite", "coreml"])
def artifact(request: pytest.FixtureRequest, checkpoint: Path) -> Path:
    pytest.importorskip({"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}[request.param])
    folder = checkpoint.parent / request.param
    options = Options(timing=False, verification_images=8)
    export(checkpoint, folder, file_format=request.param, options=options)
    return folder


def test_a_checkpoint_keeps_its_settings_and_its_head(checkpoint: Path) -> None:
    loaded = load_student(checkpoint)
    assert loaded.config == CONFIG
    assert StudentConfig.from_dict(CONFIG.to_dict()) == CONFIG


@pytest.mark.parametrize(
    "changes", [{"arch": "attention"}, {"head": "mean"}], ids=["of an attention student", "another head"]
)
def test_settings_and_heads_that_no_student_has(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"moments|head"):
        StudentConfig.from_dict({**CONFIG.to_dict(), **changes})


@pytest.mark.parametrize(("kernel", "length"), [(3, 8), (3, 34), (5, 8), (5, 34)])
def test_even_sides_are_padded_as_tensorflow_does(kernel: int, length: int) -> None:
    torch.manual_seed(0)
    same = SameConv2d(2, 3, kernel, 2)
    constant = ConstantlyPaddedConv2d(2, 3, kernel, 2)
    constant.load_state_dict(same.state_dict())
    maps = torch.rand(1, 2, length, length)
    torch.testing.assert_close(constant(maps), same(maps))


@pytest.mark.parametrize(("side", "halved"), [(1, 1), (2, 1), (3, 2), (7, 4)])
def test_odd_sides_are_halved_rounding_up(side: int, halved: int) -> None:
    assert ConstantlyPaddedConv2d(1, 1, 5, 2)(torch.rand(1, 1, side, 4)).shape == (1, 1, halved, 2)


@pytest.mark.parametrize("size", SIZES)
def test_rewrites_are_exact_at_every_size(checkpoint: Path, size: tuple[int, int]) -> None:
    trained, rewritten = scores_before_and_after_rewriting(checkpoint, noise(*size))
    assert rewritten == pytest.approx(trained, abs=1e-6)


def test_a_linear_head_clips_moments_and_limits_opinions() -> None:
    head = LinearViews(2, 1)
    with torch.no_grad():
        head.opinion.weight.copy_(torch.tensor([[0.1, 0.05]]))
        head.opinion.bias.fill_(0.5)
    head.std.copy_(torch.tensor([2.0, 1.0]))
    moments = torch.tensor([[2.0, 0.0], [100.0, 0.0], [0.0, -1.0], [-100.0, -100.0], [100.0, 100.0]])
    expected = [0.6, 0.5 + 0.1 * CLIP, 0.45, 0.0, 1.0]
    assert head(moments).flatten().tolist() == pytest.approx(expected)


@pytest.mark.parametrize("artifact", ["onnx"], indirect=True)
def test_the_widest_map_is_computed_on_bands(artifact: Path) -> None:
    nodes = onnx.load(artifact / "model.onnx").graph.node
    banded = [node.name for node in nodes if node.name.startswith("local_cnn.blocks.1.0.conv_dw/")]
    assert banded == [f"local_cnn.blocks.1.0.conv_dw/Conv_{band}" for band in range(BANDS)]


def test_an_artifact_answers_at_every_size(artifact: Path, checkpoint: Path) -> None:
    loaded = load_student(checkpoint)
    trained = as_trained(loaded.network, loaded.config)
    runtime = open_artifact(artifact, threads=1)
    assert runtime.contract.input.fit == "keep-aspect"
    for size in SIZES:
        pixels = noise(*size)
        assert runtime.run(pixels) == pytest.approx(trained(pixels), abs=1e-4)


def test_the_contract_has_a_golden_case_for_each_setting(artifact: Path, checkpoint: Path) -> None:
    contract = open_artifact(artifact, threads=1).contract
    assert [case.setting for case in contract.golden.cases] == [name for name, _ in SETTINGS]
    loaded = load_student(checkpoint)
    images = verification_set(SPEC, count=8)
    trained = as_trained(loaded.network, loaded.config)
    for case, pixels in zip(contract.golden.cases, images.pixels, strict=False):
        assert case.score == pytest.approx(trained(pixels), abs=1e-6)


def test_core_ml_takes_integer_weights_alone(checkpoint: Path, tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    options = Options(timing=False, verification_images=8, calibration_images=8)
    with pytest.raises(ConversionFailed, match="int8-weights"):
        export(checkpoint, tmp_path / "a", file_format="coreml", precision="int8-static", options=options)


@pytest.mark.parametrize(("file_format", "package"), [("onnx", "onnx"), ("tflite", "litert_torch")])
def test_integers_take_every_size_too(
    file_format: str, package: str, checkpoint: Path, tmp_path: Path
) -> None:
    pytest.importorskip(package)
    options = Options(timing=False, verification_images=8, calibration_images=8, allow_drift=True)
    report = export(
        checkpoint, tmp_path / "int8", file_format=file_format, precision="int8-static", options=options
    )
    file = tmp_path / "int8" / report.file
    assert count_layers(file_format, file).integer_arithmetic > 0
    loaded = load_student(checkpoint)
    trained = as_trained(loaded.network, loaded.config)
    runtime = open_artifact(file, threads=1)
    for size in SIZES[:3]:
        pixels = noise(*size)
        assert runtime.run(pixels) == pytest.approx(trained(pixels), abs=0.1)


def test_a_scorer_takes_the_setting_it_is_given(checkpoint: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    export(checkpoint, tmp_path / "free", options=Options(timing=False, verification_images=8))
    photo = Image.fromarray(noise(300, 400))
    sizes = {
        name: Scorer(tmp_path / "free", resolution=name).assess(photo).input_size for name, _ in SETTINGS
    }
    assert sizes == {"fast": (83, 110), "high": (166, 221)}


def test_images_are_verified_with_every_setting() -> None:
    images = verification_set(SPEC, count=12)
    assert images.names[:2] == ["golden, fast", "golden, high"]
    assert [pixels.shape[:2] for pixels in images.pixels[:2]] == [(83, 110), (166, 221)]
    budgets = {pixels.shape[0] * pixels.shape[1] <= SETTINGS[0][1] for pixels in images.pixels}
    assert budgets == {True, False}


def image(height: int, width: int, low: int = 0, high: int = 0, listed: tuple[tuple[int, int], ...] = ()):  # type: ignore[no-untyped-def] # a stand-in for a protobuf
    side = SimpleNamespace(lowerBound=low, upperBound=high)
    return SimpleNamespace(
        height=height,
        width=width,
        imageSizeRange=SimpleNamespace(heightRange=side, widthRange=side),
        enumeratedSizes=SimpleNamespace(sizes=[SimpleNamespace(height=h, width=w) for h, w in listed]),
    )


LISTED = InputSpec(fit="keep-aspect", multiple=32, settings=(Setting("fast", 9216, ((96, 96), (64, 128))),))


@pytest.mark.parametrize(
    ("spec", "taken", "fits"),
    [
        (InputSpec(96, 64), image(96, 64), True),
        (InputSpec(96, 64), image(64, 96), False),
        (InputSpec(96, 64), image(96, 64, 32, 8192), False),
        (InputSpec(96, 64), image(96, 64, listed=((96, 64), (64, 96))), False),
        (SPEC, image(96, 64, 1, 8192), True),
        (SPEC, image(96, 64, 2, 8192), False),
        (SPEC, image(96, 64), False),
        (LISTED, image(96, 96, listed=((64, 128),)), True),
        (LISTED, image(96, 96, listed=((128, 64),)), False),
    ],
)
def test_core_ml_images_are_those_of_the_contract(spec: InputSpec, taken: object, fits: bool) -> None:
    assert (image_size_problem(taken, spec) == "") is fits
