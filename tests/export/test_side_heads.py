"""Students that name faults and tell photographs: every format answers, and is verified by, every output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mobileiqa_bench.fidelity.images import verification_set
from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export import Options, export
from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.errors import CheckpointMismatch
from mobileiqa_export.reference import answers_as_trained, as_trained, values_in
from mobileiqa_export.report_page import page
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from mobileiqa_export.student.moments import CLIP, LinearViews, SideHead
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import InputSpec, OutputSpec
from mobileiqa_sdk.fit import Setting
from mobileiqa_sdk.verification import replay_golden

from .sizes import noise

SETTINGS = (("fast", 96 * 96), ("high", 128 * 128))
FAULTS = ("noise", "compression", "banding")
CONFIG = StudentConfig(
    "moments",
    "mobilenetv3-large-minimalistic",
    views=2,
    input_size=(96, 96),
    head="linear",
    settings=SETTINGS,
    faults=FAULTS,
    faults_hidden=8,
    photo_hidden=4,
)
OUTPUTS = (
    OutputSpec("opinions", size=2),
    OutputSpec("faults", "faults", 3, higher_is_better=False, labels=FAULTS),
    OutputSpec("photo", "photo"),
)
SPEC = InputSpec(fit="keep-aspect", settings=tuple(Setting(name, most) for name, most in SETTINGS))
NAMES = {"score", "faults.noise", "faults.compression", "faults.banding", "photo"}


def made(config: StudentConfig = CONFIG) -> MomentStudent:
    """Random weights, with answers that differ between pictures and are far from 0 and 1."""
    torch.manual_seed(3)
    student = build_student(config)
    assert isinstance(student, MomentStudent)
    assert isinstance(student.head, LinearViews)
    with torch.no_grad():
        student.head.opinion.weight.mul_(0.2)
        student.head.opinion.bias.fill_(0.5)
        if student.faults is not None:
            student.faults.answer.bias.copy_(torch.tensor([-1.0, 0.0, 1.0]))
    return student


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heads") / "heads.safetensors"
    save_checkpoint(path, made(), CONFIG, name="heads")
    return path


@pytest.fixture(scope="module", params=["onnx", "tflite", "coreml"])
def artifact(request: pytest.FixtureRequest, checkpoint: Path) -> Path:
    pytest.importorskip({"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}[request.param])
    folder = checkpoint.parent / request.param
    export(
        checkpoint, folder, file_format=request.param, options=Options(timing=False, verification_images=8)
    )
    return folder


def test_a_side_head_clips_and_answers_between_0_and_1() -> None:
    head = SideHead(2, 1, 1)
    with torch.no_grad():
        head.hidden.weight.copy_(torch.tensor([[1.0, -1.0]]))
        head.hidden.bias.fill_(0.5)
        head.answer.weight.fill_(2.0)
        head.answer.bias.fill_(-1.0)
    inputs = torch.tensor([[0.25, 0.0], [-9.0, 0.0], [99.0, 0.0], [0.0, -99.0]])
    expected = torch.sigmoid(2 * torch.tensor([0.75, 0.0, CLIP + 0.5, CLIP + 0.5]) - 1)
    torch.testing.assert_close(head(inputs).flatten(), expected)


def test_values_are_named_after_outputs() -> None:
    tensors = (torch.tensor([[0.2, 0.4]]), torch.tensor([[0.1, 0.5, 0.9]]), torch.tensor([[0.75]]))
    values = values_in(tensors, OUTPUTS)
    assert set(values) == NAMES
    assert values == pytest.approx(
        {"score": 0.3, "faults.noise": 0.1, "faults.compression": 0.5, "faults.banding": 0.9, "photo": 0.75}
    )
    assert values_in(torch.tensor([0.25]), (OutputSpec(),)) == {"score": 0.25}
    with pytest.raises(ValueError, match=r"shorter|longer"):
        values_in(tensors[:2], OUTPUTS)


def test_other_heads_leave_the_score_as_it_is() -> None:
    plain = replace(CONFIG, faults=(), photo_hidden=0)
    student, alone = made(), made(plain)
    alone.load_state_dict({key: student.state_dict()[key] for key in alone.state_dict()})
    pixels = noise(64, 90)
    assert as_trained(student, CONFIG)(pixels) == as_trained(alone, plain)(pixels)


@pytest.mark.parametrize("changes", [{}, {"faults": ()}, {"photo_hidden": 0}])
def test_a_checkpoint_keeps_its_heads(tmp_path: Path, changes: dict[str, object]) -> None:
    config = StudentConfig.from_dict({**CONFIG.to_dict(), **changes})
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, made(config), config)
    loaded = load_student(path)
    assert loaded.config == config
    assert isinstance(loaded.network, MomentStudent)
    assert (loaded.network.faults is None) == (not config.faults)
    assert (loaded.network.photo is None) == (not config.photo_hidden)


@pytest.mark.parametrize(
    "lie", [{"faults": ["noise"]}, {"faults_hidden": 9}, {"photo_hidden": 5}, {"faults": []}]
)
def test_metadata_that_contradicts_the_heads(tmp_path: Path, lie: dict[str, object]) -> None:
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, made(), StudentConfig.from_dict({**CONFIG.to_dict(), **lie}))
    with pytest.raises(CheckpointMismatch):
        load_student(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"arch": "attention", "settings": [], "head": "mlp"},
        {"faults": ["noise", "noise"]},
        {"faults": ["noise", ""]},
        {"photo_hidden": -1},
        {"faults_hidden": 0},
    ],
    ids=str,
)
def test_heads_that_no_student_has(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fault|photo"):
        StudentConfig.from_dict({**CONFIG.to_dict(), **changes})


def test_an_artifact_answers_everything_by_name(artifact: Path, checkpoint: Path) -> None:
    loaded = load_student(checkpoint)
    trained = answers_as_trained(loaded.network, loaded.config, OUTPUTS)
    runtime = open_artifact(artifact, threads=1)
    assert runtime.contract.outputs == OUTPUTS
    for pixels in (noise(96, 96), noise(101, 47)):
        expected, actual = trained(pixels), runtime.predict(pixels).values
        assert set(actual) == NAMES
        assert actual == pytest.approx(expected, abs=1e-4)
        assert len({round(value, 3) for value in expected.values()}) == len(NAMES)


def test_the_golden_values_are_those_of_every_output(artifact: Path, checkpoint: Path) -> None:
    loaded = load_student(checkpoint)
    trained = answers_as_trained(loaded.network, loaded.config, OUTPUTS)
    images = verification_set(SPEC, count=8)
    contract = open_artifact(artifact, threads=1).contract
    for case, pixels in zip(contract.golden.cases, images.pixels, strict=False):
        values = trained(pixels)
        assert case.faults == pytest.approx([values[f"faults.{name}"] for name in FAULTS], abs=1e-6)
        assert case.photo == pytest.approx(values["photo"], abs=1e-6)
    if artifact.name != "coreml":
        assert replay_golden(Scorer(artifact, threads=1)).passed


@pytest.mark.parametrize(
    ("file_format", "precision"),
    [("onnx", "fp16"), ("onnx", "int8-weights"), ("onnx", "int8-static"), ("tflite", "int8-static")],
)
def test_every_precision_is_verified_by_every_answer(
    checkpoint: Path, tmp_path: Path, file_format: str, precision: str
) -> None:
    pytest.importorskip({"onnx": "onnx", "tflite": "litert_torch"}[file_format])
    options = Options(timing=False, verification_images=8, allow_drift=True)
    report = export(
        checkpoint, tmp_path / "out", file_format=file_format, precision=precision, options=options
    )
    assert set(report.verdict.others) == NAMES - {"score"}
    for drift in report.verdict.others.values():
        assert drift.max_difference is not None
        assert 0 < drift.max_difference < 0.1
    assert "faults.banding" in page(report, drawn=False)


ANCHORED = replace(CONFIG, head="mlp", hidden=4, anchor_hidden=2)


def anchored(raised: float, lowered: float) -> MomentStudent:
    """Random weights; every picture is raised and lowered by these amounts."""
    torch.manual_seed(3)
    student = build_student(ANCHORED)
    assert isinstance(student, MomentStudent)
    assert student.anchor is not None
    with torch.no_grad():
        student.anchor.amounts.weight.zero_()
        student.anchor.amounts.bias.copy_(torch.tensor([raised, lowered]))
    return student


def test_an_anchor_shifts_the_logits_of_every_view() -> None:
    photo = torch.randn(1, 3, 64, 90)
    still, raised, lowered = (
        anchored(*amounts).observe(photo).views for amounts in ((-1.0, -2.0), (0.5, -1.0), (-1.0, 0.75))
    )
    torch.testing.assert_close(torch.logit(raised) - torch.logit(still), torch.full((1, 2), 0.5))
    torch.testing.assert_close(torch.logit(lowered) - torch.logit(still), torch.full((1, 2), -0.75))
    torch.testing.assert_close(anchored(0.5, -1.0)(photo)[0], raised)


def test_an_anchor_at_rest_changes_no_bit() -> None:
    plain = build_student(replace(ANCHORED, anchor_hidden=0))
    student = anchored(-1.0, -0.5)
    plain.load_state_dict({key: student.state_dict()[key] for key in plain.state_dict()})
    photo = torch.randn(1, 3, 64, 90)
    assert all(torch.equal(one, other) for one, other in zip(plain(photo), student(photo), strict=True))


def test_an_anchor_clips_moments() -> None:
    anchor = anchored(0.0, 0.0).anchor
    assert anchor is not None
    with torch.no_grad():
        for values in anchor.parameters():
            values.zero_()
        anchor.hidden.weight[0, 0] = 1.0
        anchor.amounts.weight[0, 0] = 1.0
    moments = torch.zeros(2, anchor.hidden.in_features)
    moments[:, 0] = torch.tensor([3.0, 99.0])
    assert anchor(moments).flatten().tolist() == [3.0, CLIP]


def test_a_checkpoint_keeps_its_anchor(tmp_path: Path) -> None:
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, anchored(0.5, -1.0), ANCHORED)
    assert load_student(path).config == ANCHORED
    save_checkpoint(path, anchored(0.5, -1.0), replace(ANCHORED, anchor_hidden=3))
    with pytest.raises(CheckpointMismatch):
        load_student(path)


@pytest.mark.parametrize("changes", [{"head": "linear"}, {"anchor_hidden": -1}], ids=str)
def test_anchors_that_no_student_has(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="anchor"):
        StudentConfig.from_dict({**ANCHORED.to_dict(), **changes})


@pytest.mark.parametrize("file_format", ["onnx", "tflite", "coreml"])
def test_every_format_has_the_anchor(file_format: str, tmp_path: Path) -> None:
    pytest.importorskip({"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}[file_format])
    path = tmp_path / "student.safetensors"
    student = anchored(0.5, -1.0)
    save_checkpoint(path, student, ANCHORED)
    folder = tmp_path / "artifact"
    export(path, folder, file_format=file_format, options=Options(timing=False, verification_images=8))
    trained = answers_as_trained(student, ANCHORED, OUTPUTS)
    for pixels in (noise(96, 96), noise(101, 47)):
        assert open_artifact(folder, threads=1).predict(pixels).values == pytest.approx(
            trained(pixels), abs=1e-4
        )
