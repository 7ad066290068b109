"""The teacher's checkpoints: how sizes follow from shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from ..checkpoint_kind import Kind
from .config import TeacherConfig
from .teacher import Teacher, build_teacher

_PREFIXES = (f"{Teacher.BACKBONE}.", Teacher.LOCAL)


def is_teacher(tensors: Mapping[str, Tensor]) -> bool:
    """Returns whether any key is one of a teacher's, with or without a prefix."""
    return any(f".{prefix}" in f".{key}" for key in tensors for prefix in _PREFIXES)


def _infer(tensors: Mapping[str, Tensor]) -> TeacherConfig:
    stem = tensors["global_vit.stem.conv.weight"].shape[0]
    local = tensors["LGF1.cnn2.weight"].shape
    width, hidden = local[0], local[1]
    views = len({key.split(".")[1] for key in tensors if key.startswith("MALs.")})
    positions = tensors["fusion_mal.feature_attention.c_q.weight"].shape[0] / max(views, 1)
    return TeacherConfig(stem, math.isqrt(int(positions)), width, hidden, views)


TEACHER: Kind[Teacher, TeacherConfig] = Kind(
    name="teacher",
    anchors=("global_vit.stem.conv.weight", "LGF1.cnn2.weight"),
    infer=_infer,
    read=TeacherConfig.from_dict,
    build=build_teacher,
    nearest=lambda tensors: TeacherConfig(),
    describe=lambda config: f"a teacher on MobileViT-V2 {config.stem / 32:g}",
    fixed=lambda config: ("stem", "grid", "width", "hidden", "views"),
)
"""Checkpoints of teachers."""
