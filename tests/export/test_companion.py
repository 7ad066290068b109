"""Students with a companion: another network that looks at the same photo, here at half its sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export import Options, export
from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.errors import CheckpointMismatch
from mobileiqa_export.reference import as_trained
from mobileiqa_export.student import BACKBONES, MomentStudent, StudentConfig, build_student, normalise
from mobileiqa_export.student.moments import halved, moments
from mobileiqa_sdk import Scorer

from .sizes import noise, scores_before_and_after_rewriting

SETTINGS = (("fast", 96 * 96), ("high", 192 * 192))
COMPANION = StudentConfig(
    "moments", "efficientnet-lite0-stages", views=2, hidden=4, settings=SETTINGS, halved=True
)
CONFIG = StudentConfig(
    "moments",
    "mobilenetv3-large-minimalistic",
    views=3,
    hidden=4,
    input_size=(96, 96),
    settings=SETTINGS,
    photo_hidden=4,
    companion=COMPANION,
)
SIZES = ((96, 160), (101, 47), (3, 211), (1, 1))


def made(config: StudentConfig = CONFIG) -> MomentStudent:
    torch.manual_seed(3)
    student = build_student(config)
    assert isinstance(student, MomentStudent)
    return student


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("companion") / "companion.safetensors"
    save_checkpoint(path, made(), CONFIG, name="companion")
    return path


def test_two_by_two_pixels_become_their_mean_and_zeros_follow_an_odd_side() -> None:
    x = torch.arange(9.0).view(1, 1, 3, 3)
    torch.testing.assert_close(halved(x), torch.tensor([[[[2.0, 7 / 4], [13 / 4, 2.0]]]]))
    assert halved(torch.rand(2, 3, 1, 8)).shape == (2, 3, 1, 4)


def test_opinions_are_its_own_and_then_the_companions() -> None:
    student = made()
    x = normalise(torch.from_numpy(noise(64, 90)).permute(2, 0, 1)[None], BACKBONES[CONFIG.backbone])
    companion = student.companion
    assert companion is not None
    answer = student(x)
    alone = made(replace(CONFIG, companion=None))
    alone.load_state_dict({name: student.state_dict()[name] for name in alone.state_dict()})
    seen = torch.cat([moments(tap) for tap in companion.local_cnn(halved(x))], dim=1)
    expected = torch.cat([alone(x)[0], companion.opinions(seen)], dim=1)
    torch.testing.assert_close(answer[0], expected)
    torch.testing.assert_close(answer[1], alone(x)[1])
    observation = student.observe(x)
    torch.testing.assert_close(observation.views, expected)
    torch.testing.assert_close(observation.score, expected.mean(1))
    assert CONFIG.opinions == expected.shape[1] == 5


def test_a_checkpoint_keeps_its_companion(checkpoint: Path, tmp_path: Path) -> None:
    loaded = load_student(checkpoint)
    assert loaded.config == CONFIG
    assert loaded.origin == ""
    plain = tmp_path / "plain.safetensors"
    safetensors.torch.save_file(made().state_dict(), plain)
    config = load_student(plain).config
    assert config.companion is not None
    assert (config.companion.backbone, config.companion.views, config.companion.hidden) == (
        COMPANION.backbone,
        2,
        4,
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"companion": replace(COMPANION, views=3).to_dict()}, "companion_sizes"),
        ({"companion": None}, "companion_sizes"),
        ({"companion": {**COMPANION.to_dict(), "companion": COMPANION.to_dict()}}, "no companion of its own"),
        ({"companion": {**COMPANION.to_dict(), "photo_hidden": 3}}, "opinions alone"),
        ({"companion": {**COMPANION.to_dict(), "settings": []}}, "same sizes"),
        ({"companion": {**COMPANION.to_dict(), "backbone": "mobilenetv3-large"}}, "normalise"),
        ({"companion": {**COMPANION.to_dict(), "arch": "attention"}}, "moments"),
        ({"companion": [1]}, "describe"),
    ],
)
def test_a_description_that_lies(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "lie.safetensors"

    class Lie(StudentConfig):
        def to_dict(self) -> dict[str, object]:
            return {**super().to_dict(), **changes}

    save_checkpoint(path, made(), Lie(**vars(CONFIG)))
    with pytest.raises(CheckpointMismatch, match=problem):
        load_student(path)


def test_companions_without_end(tmp_path: Path) -> None:
    key = "companion." * 5000 + "head.opinion.weight"
    path = tmp_path / "endless.safetensors"
    safetensors.torch.save_file({**made().state_dict(), key: torch.zeros(1)}, path)
    with pytest.raises(CheckpointMismatch):
        load_student(path)


@pytest.mark.parametrize("size", SIZES)
def test_rewrites_are_exact_at_every_size(checkpoint: Path, size: tuple[int, int]) -> None:
    trained, rewritten = scores_before_and_after_rewriting(checkpoint, noise(*size))
    assert rewritten == pytest.approx(trained, abs=1e-6)


@pytest.mark.parametrize("file_format", ["onnx", "tflite", "coreml"])
def test_artifacts_answer_alike_at_every_size(file_format: str, checkpoint: Path) -> None:
    pytest.importorskip({"onnx": "onnx", "tflite": "litert_torch", "coreml": "coremltools"}[file_format])
    folder = checkpoint.parent / file_format
    export(checkpoint, folder, file_format=file_format, options=Options(timing=False, verification_images=8))
    loaded = load_student(checkpoint)
    network = as_trained(loaded.network, loaded.config)
    runtime = open_artifact(folder)
    for size in SIZES:
        pixels = noise(*size)
        expected = network(pixels)
        assert float(runtime.predict(pixels).score) == pytest.approx(expected, abs=2e-5), size
    if file_format == "onnx":
        assert len(Scorer(folder).assess(noise(80, 80)).opinions) == 5
