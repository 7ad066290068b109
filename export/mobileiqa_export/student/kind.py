"""The student's checkpoints: how sizes follow from shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..checkpoint_kind import Kind
from .config import StudentConfig
from .student import Student, build_student

_COMPANION = "companion."


def _infer(tensors: Mapping[str, Tensor]) -> StudentConfig:
    backbone = _backbone(tensors)
    others = _other_heads(tensors)
    if second := {
        key.removeprefix(_COMPANION): value for key, value in tensors.items() if key.startswith(_COMPANION)
    }:
        if any(key.startswith(_COMPANION) for key in second):
            raise ValueError("a companion has no companion of its own")
        others["companion"] = _infer(second)
    if "head.opinion.weight" in tensors:
        opinion = tensors["head.opinion.weight"].shape
        if len(opinion) == 2:
            return StudentConfig("moments", backbone, views=opinion[0], head="linear", **others)
        views, hidden = opinion[0], opinion[1]
        return StudentConfig("moments", backbone, hidden=hidden, views=views, **others)
    local = tensors["LDA1.cnn2.weight"].shape
    width, hidden = local[0], local[1]
    views = len({key.split(".")[1] for key in tensors if key.startswith("MALs.")})
    positions = tensors["fusion_mal.feature_attention.c_q.weight"].shape[0] / max(views, 1)
    grid = math.isqrt(int(positions))
    return StudentConfig("attention", backbone, grid, width, hidden, views)


def _other_heads(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Returns the settings of the heads beside the opinions'. Shapes do not show the faults' names."""
    settings: dict[str, Any] = {}
    if "faults.answer.weight" in tensors:
        count, hidden = tensors["faults.answer.weight"].shape
        settings |= {
            "faults": tuple(f"fault_{number}" for number in range(1, count + 1)),
            "faults_hidden": hidden,
        }
    if "photo.answer.weight" in tensors:
        settings["photo_hidden"] = tensors["photo.answer.weight"].shape[1]
    if "anchor.amounts.weight" in tensors:
        settings["anchor_hidden"] = tensors["anchor.amounts.weight"].shape[1]
    return settings


def _backbone(tensors: Mapping[str, Tensor]) -> str:
    if "local_cnn.stem.weight" in tensors:
        third_stage = tensors["local_cnn.stages.2.0.project.weight"].shape[0]
        if third_stage != 40:
            return "efficientnet-lite2"
        return "efficientnet-lite0" if "local_cnn.last.weight" in tensors else "efficientnet-lite0-stages"
    return "mobilenetv3-large" if "local_cnn.bn1.weight" in tensors else "mobilenetv3-large-minimalistic"


def _nearest(tensors: Mapping[str, Tensor]) -> StudentConfig:
    if any(key.startswith("head.") for key in tensors):
        return StudentConfig("moments", "mobilenetv3-large-minimalistic")
    return StudentConfig()


def _describe(config: StudentConfig) -> str:
    return f"{'an' if config.arch == 'attention' else 'a'} {config.arch} student on {config.backbone}"


def _fixed(config: StudentConfig) -> tuple[str, ...]:
    names: tuple[str, ...] = ("arch", "backbone", "views", "head")
    if config.head == "mlp":
        names += ("hidden",)
    if config.arch == "moments":
        names += ("fault_count", "photo_hidden", "anchor_hidden", "companion_sizes")
    if config.faults:
        names += ("faults_hidden",)
    return (*names, "grid", "width") if config.arch == "attention" else names


STUDENT: Kind[Student, StudentConfig] = Kind(
    name="student",
    anchors=(
        "local_cnn.conv_stem.weight",
        "local_cnn.stem.weight",
        "LDA1.cnn2.weight",
        "head.opinion.weight",
    ),
    infer=_infer,
    read=StudentConfig.from_dict,
    build=build_student,
    nearest=_nearest,
    describe=_describe,
    fixed=_fixed,
)
"""Checkpoints of students."""
