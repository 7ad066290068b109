"""EfficientNet-Lite as a student's backbone: the published table, taps, checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from mobileiqa_export.checkpoint import load_student
from mobileiqa_export.student import BACKBONES, StudentConfig, build_student
from mobileiqa_export.student.efficientnet_lite import EfficientNetLiteSpec
from mobileiqa_export.student.padding import ConstantlyPaddedConv2d, SameConv2d

LITE0, LITE2, STAGES = "efficientnet-lite0", "efficientnet-lite2", "efficientnet-lite0-stages"


def spec(name: str) -> EfficientNetLiteSpec:
    backbone = BACKBONES[name]
    assert isinstance(backbone, EfficientNetLiteSpec)
    return backbone


def test_kernels_and_strides_are_those_of_the_published_table() -> None:
    stages = spec(LITE0).stages
    assert [stage.kernel for stage in stages] == [3, 3, 5, 3, 5, 5, 3]
    assert [stage.stride for stage in stages] == [1, 2, 2, 2, 1, 2, 1]
    assert [stage.expansion for stage in stages] == [1, 6, 6, 6, 6, 6, 6]


def test_the_larger_member_is_wider_and_deeper() -> None:
    stages = spec(LITE2).stages
    assert [stage.out for stage in stages] == [16, 24, 48, 88, 120, 208, 352]
    assert [stage.repeats for stage in stages] == [1, 3, 3, 4, 4, 5, 1]


def test_the_taps() -> None:
    assert spec(LITE0).tap_channels == (32, 16, 24, 40, 80, 112, 192, 320, 1280)
    with torch.device("meta"):
        taps = BACKBONES[LITE0].build()(torch.empty(1, 3, 64, 96))
    assert [tuple(tap.shape[2:]) for tap in taps][::2] == [(32, 48), (16, 24), (4, 6), (2, 3), (2, 3)]


def test_the_widest_map_may_be_left_out() -> None:
    assert spec(STAGES).tap_channels == spec(LITE0).tap_channels[:-1]
    with torch.device("meta"):
        taps = BACKBONES[STAGES].build()(torch.empty(1, 3, 64, 96))
    assert [tap.shape[1] for tap in taps] == list(spec(STAGES).tap_channels)
    assert [64 // tap.shape[2] for tap in taps] == list(spec(STAGES).tap_strides)


@pytest.mark.parametrize("name", [LITE0, LITE2, STAGES])
def test_a_checkpoint_without_a_description_says_its_backbone(name: str, tmp_path: Path) -> None:
    student = build_student(StudentConfig("moments", name, views=2, head="linear"))
    safetensors.torch.save_file(student.state_dict(), tmp_path / "student.safetensors")
    config = load_student(tmp_path / "student.safetensors").config
    assert (config.backbone, config.head, config.views) == (name, "linear", 2)


def test_students_of_any_size_pad_constantly() -> None:
    fixed = StudentConfig("moments", LITE0, head="linear")
    free = StudentConfig("moments", LITE0, head="linear", settings=(("fast", 9216),))
    for config, kind in ((fixed, SameConv2d), (free, ConstantlyPaddedConv2d)):
        modules = build_student(config).modules()
        assert sum(isinstance(module, kind) for module in modules) == 5


def test_the_published_student_needs_a_mobilenet() -> None:
    with pytest.raises(ValueError, match=LITE0):
        build_student(StudentConfig(backbone=LITE0))
