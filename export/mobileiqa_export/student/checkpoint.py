"""Checkpoint files in and out. Files are untrusted: only tensors are ever read from them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.contract import MAX_SIDE
from mobileiqa_sdk.library import sha256_of

from ..errors import CheckpointMismatch, TeacherCheckpoint
from ..state_dicts import choose, state_dicts, with_key
from ..tensors import (
    METADATA_KEY,
    as_float32,
    check_size,
    differences,
    read_file,
    shown,
)
from .config import StudentConfig
from .student import Student, build_student

_ANCHORS = ("local_cnn.conv_stem.weight", "LDA1.cnn2.weight", "head.opinion.weight")
"""Keys that every student has, of which the first that a file has tells the prefix."""
_TEACHER = ("global_vit.", "LGF")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded student and where it came from.

    Attributes:
        student: in eval mode, float32, on the CPU.
        config: its sizes.
        sha256: of the file, in hex.
        info: what the file says of itself (name, licence, training); empty for published pickles.
    """

    student: Student
    config: StudentConfig
    sha256: str
    info: dict[str, Any] = field(default_factory=dict)


def load_checkpoint(
    path: str | Path,
    *,
    config: StudentConfig | None = None,
    input_size: tuple[int, int] | None = None,
    weights: str | None = None,
) -> Checkpoint:
    """Reads a student from a ``.pkl``, ``.pth``, ``.pt`` or ``.safetensors`` file.

    Args:
        path: a state_dict, plain or in nested dictionaries, its keys with or without a prefix.
        config: the sizes; without it they come from the file's metadata, else from the shapes.
        input_size: (height, width), instead of the one in the metadata or the published 1231x1907.
        weights: the name of the state_dict to take if the file has several students, such as ``ema``.

    Raises:
        CheckpointNotFound: no such file.
        CheckpointDamaged: empty, truncated, not a checkpoint, or with NaN or infinite weights.
        CheckpointUnsafe: the pickle asks for code to be run; it was not run.
        TeacherCheckpoint: the weights are the teacher's.
        CheckpointMismatch: the keys or shapes are not those of a student.
    """
    path = Path(path)
    content, info = read_file(path)
    tensors = _find_tensors(path, content, weights)
    if _is_teacher(tensors):
        raise TeacherCheckpoint(
            str(path),
            "this is the teacher (its keys begin with global_vit. and LGF); export needs the student, "
            "whose keys begin with local_cnn. and LDA",
        )
    try:
        config = config or _config(tensors, info.get("student"))
        config = replace(config, input_size=input_size or config.input_size)
        if max(config.input_size) > MAX_SIDE:
            raise ValueError(f"input_size must be at most {MAX_SIDE}, not {config.input_size}")
    except (ValueError, TypeError, OverflowError) as error:
        raise CheckpointMismatch(str(path), f"describes no student: {first_line(error)}") from error
    except LookupError as error:
        raise _mismatch(path, tensors, _nearest(tensors)) from error
    return Checkpoint(_fill(path, tensors, config), config, sha256_of(path), info)


def save_checkpoint(path: str | Path, student: Student, config: StudentConfig, **info: Any) -> None:
    """Write a student as ``.safetensors`` that describes itself: sizes, and JSON-ready ``info``."""
    metadata = {METADATA_KEY: json.dumps({"student": config.to_dict(), **info}, sort_keys=True)}
    # As bytes: safetensors itself writes files that only their owner may read.
    Path(path).write_bytes(safetensors.torch.save(student.state_dict(), metadata))


def infer_config(tensors: Mapping[str, Tensor]) -> StudentConfig:
    """Sizes from shapes. Raises LookupError or ValueError where the tensors are no student's."""
    backbone = "mobilenetv3-large" if "local_cnn.bn1.weight" in tensors else "mobilenetv3-large-minimalistic"
    if "head.opinion.weight" in tensors:
        opinion = tensors["head.opinion.weight"].shape
        views, hidden = opinion[0], opinion[1]
        return StudentConfig("moments", backbone, hidden=hidden, views=views)
    local = tensors["LDA1.cnn2.weight"].shape
    width, hidden = local[0], local[1]
    views = len({key.split(".")[1] for key in tensors if key.startswith("MALs.")})
    positions = tensors["fusion_mal.feature_attention.c_q.weight"].shape[0] / max(views, 1)
    grid = math.isqrt(int(positions))
    return StudentConfig("attention", backbone, grid, width, hidden, views)


def _config(tensors: Mapping[str, Tensor], stored: Any) -> StudentConfig:
    """What the file's metadata says, if that fits the tensors: it may not ask for a network of any size."""
    inferred = infer_config(tensors)
    if not stored:
        return inferred
    config = StudentConfig.from_dict(stored)
    names = ["arch", "backbone", "hidden", "views"]
    if config.arch == "attention":
        names += ["grid", "width"]
    for name in names:
        stated, actual = getattr(config, name), getattr(inferred, name)
        if stated != actual:
            raise ValueError(f"its metadata says {name} {stated!r}, its tensors {actual!r}")
    return config


def _nearest(tensors: Mapping[str, Tensor]) -> StudentConfig:
    """The student to compare with where the tensors do not tell their sizes."""
    if any(key.startswith("head.") for key in tensors):
        return StudentConfig("moments", "mobilenetv3-large-minimalistic")
    return StudentConfig()


def _find_tensors(path: Path, content: Any, weights: str | None) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        raise CheckpointMismatch(str(path), f"holds a {type(content).__name__}, not a state_dict")
    every = list(state_dicts(content))
    for anchor in _ANCHORS:
        students = [part for whole in every for part in with_key(whole, anchor)]
        # A teacher beside a student is not another choice.
        chosen = choose(
            path, [part for part in students if not _is_teacher(part.tensors)] or students, weights
        )
        if chosen:
            return chosen.tensors
    if not every:
        keys = shown(list(content), 5) or "nothing"
        raise CheckpointMismatch(str(path), f"holds no tensors, but {keys}; expected a student's state_dict")
    return max((part.tensors for part in every), key=len)


def _is_teacher(tensors: Mapping[str, Tensor]) -> bool:
    return any(f".{part}" in f".{key}" for key in tensors for part in _TEACHER)


def _fill(path: Path, tensors: dict[str, Tensor], config: StudentConfig) -> Student:
    student = _empty(path, config)
    own = student.state_dict()
    counters = {key for key in own if key.endswith("num_batches_tracked")}
    weights = {key: value for key, value in tensors.items() if key not in counters}
    if {k: v.shape for k, v in weights.items()} != {k: v.shape for k, v in own.items() if k not in counters}:
        raise _mismatch(path, weights, config)
    check_size(path, weights.values())
    state = {key: as_float32(path, key, value) for key, value in weights.items()}
    state |= {key: torch.tensor(0) for key in counters}
    student.load_state_dict(state, assign=True)
    return student.requires_grad_(True).eval()


def _empty(path: Path, config: StudentConfig) -> Student:
    # On the meta device a made-up config costs no memory before its shapes are compared.
    try:
        with torch.device("meta"):
            return build_student(config)
    except (ValueError, RuntimeError) as error:
        raise CheckpointMismatch(str(path), f"describes no student: {first_line(error)}") from error


def _mismatch(path: Path, tensors: Mapping[str, Tensor], config: StudentConfig) -> CheckpointMismatch:
    kind = f"{'an' if config.arch == 'attention' else 'a'} {config.arch} student on {config.backbone}"
    parts = differences(tensors, _empty(path, config).state_dict(), "no student has")
    return CheckpointMismatch(str(path), f"found {len(tensors)} tensors, wanted {kind}: {parts}")
