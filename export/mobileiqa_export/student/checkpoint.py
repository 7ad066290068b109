"""Checkpoint files in and out. Files are untrusted: only tensors are ever read from them."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ..errors import (
    CheckpointDamaged,
    CheckpointMismatch,
    CheckpointNotFound,
    CheckpointUnsafe,
    TeacherCheckpoint,
)
from .config import StudentConfig
from .student import Student, build_student

METADATA_KEY = "mobileiqa"
_WRAPPERS = ("student", "state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "student.", "model.")


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
    path: str | Path, *, config: StudentConfig | None = None, input_size: tuple[int, int] | None = None
) -> Checkpoint:
    """Read a student from a ``.pkl``, ``.pth``, ``.pt`` or ``.safetensors`` file.

    Args:
        path: a state_dict, plain or under ``student``, ``state_dict`` or ``model``, its keys with
            or without ``module.``.
        config: the sizes; without it they come from the file's metadata, else from the shapes.
        input_size: (height, width), instead of the one in the metadata or the published 1231x1907.

    Raises:
        CheckpointNotFound: no such file.
        CheckpointDamaged: empty, truncated, not a checkpoint, or with NaN or infinite weights.
        CheckpointUnsafe: the pickle asks for code to be run; it was not run.
        TeacherCheckpoint: the weights are the teacher's.
        CheckpointMismatch: the keys or shapes are not those of a student.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointNotFound(str(path), "is a folder" if path.is_dir() else "there is no such file")
    if path.stat().st_size == 0:
        raise CheckpointDamaged(str(path), "the file is empty")
    info: dict[str, Any] = {}
    if path.suffix == ".safetensors":
        tensors, info = _read_safetensors(path)
    else:
        tensors = _find_tensors(path, _read_pickle(path))
    tensors = _strip_prefixes(tensors)
    try:
        if config is None:
            stored = info.get("student")
            config = StudentConfig.from_dict(stored) if stored else infer_config(tensors)
        if input_size is not None:
            config = replace(config, input_size=input_size)
    except (ValueError, TypeError) as error:
        raise CheckpointMismatch(str(path), f"describes no student: {error}") from error
    except KeyError as error:
        raise _mismatch(path, tensors, StudentConfig()) from error
    return Checkpoint(_fill(path, tensors, config), config, sha256_of(path), info)


def save_checkpoint(path: str | Path, student: Student, config: StudentConfig, **info: Any) -> None:
    """Write a student as ``.safetensors`` that describes itself: sizes, and JSON-ready ``info``."""
    metadata = {METADATA_KEY: json.dumps({"student": config.to_dict(), **info}, sort_keys=True)}
    # As bytes: safetensors itself writes files that only their owner may read.
    Path(path).write_bytes(safetensors.torch.save(student.state_dict(), metadata))


def sha256_of(path: str | Path) -> str:
    """Hex digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def infer_config(tensors: Mapping[str, Tensor]) -> StudentConfig:
    """Sizes from shapes. Raises KeyError or ValueError where the tensors are no student's."""
    backbone = "mobilenetv3-large" if "local_cnn.bn1.weight" in tensors else "mobilenetv3-large-minimalistic"
    if "head.opinion.weight" in tensors:
        views, hidden, _ = tensors["head.opinion.weight"].shape
        return StudentConfig("moments", backbone, hidden=hidden, views=views)
    width, hidden = tensors["LDA1.cnn2.weight"].shape[:2]
    views = len({key.split(".")[1] for key in tensors if key.startswith("MALs.")})
    positions = tensors["fusion_mal.feature_attention.c_q.weight"].shape[0] / max(views, 1)
    grid = math.isqrt(int(positions))
    return StudentConfig("attention", backbone, grid, width, hidden, views)


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            info = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (safetensors.SafetensorError, ValueError, OSError) as error:
        raise CheckpointDamaged(str(path), f"is no intact safetensors file ({error})") from error
    return tensors, info if isinstance(info, dict) else {}


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            raise CheckpointUnsafe(
                str(path),
                "the pickle holds code or whole objects, not only tensors; it was not run. "
                "Save it again as torch.save(model.state_dict(), path)",
            ) from error
        raise CheckpointDamaged(str(path), "is no intact PyTorch checkpoint") from error
    except Exception as error:  # a damaged file makes torch raise nearly anything
        raise CheckpointDamaged(
            str(path), f"is truncated or no PyTorch checkpoint ({type(error).__name__})"
        ) from error


def _find_tensors(path: Path, content: Any) -> dict[str, Tensor]:
    for _ in _WRAPPERS:
        if isinstance(content, Mapping):
            inner = [content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
            content = inner[0] if inner else content
    if not isinstance(content, Mapping):
        raise CheckpointMismatch(str(path), f"holds a {type(content).__name__}, not a state_dict")
    tensors = {key: value for key, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        keys = ", ".join(map(str, list(content)[:5])) or "nothing"
        raise CheckpointMismatch(str(path), f"holds no tensors, but {keys}; expected a student's state_dict")
    return tensors


def _strip_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    while prefix := next((p for p in _PREFIXES if tensors and all(k.startswith(p) for k in tensors)), None):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors


def _fill(path: Path, tensors: dict[str, Tensor], config: StudentConfig) -> Student:
    # On the meta device a made-up config costs no memory before its shapes are compared.
    with torch.device("meta"):
        student = build_student(config)
    wanted = student.state_dict()
    counters = {key for key in wanted if key.endswith("num_batches_tracked")}
    found = {key: value for key, value in tensors.items() if key not in counters}
    if {k: v.shape for k, v in found.items()} != {k: v.shape for k, v in wanted.items() if k not in counters}:
        raise _mismatch(path, found, config)
    for key, value in found.items():
        if not bool(torch.isfinite(value).all()):
            raise CheckpointDamaged(str(path), f"{key} has NaN or infinite values")
    state = {key: value.to(torch.float32).contiguous() for key, value in found.items()}
    state |= {key: torch.tensor(0) for key in counters}
    student.load_state_dict(state, assign=True)
    return student.requires_grad_(True).eval()


def _mismatch(path: Path, found: Mapping[str, Tensor], config: StudentConfig) -> CheckpointMismatch:
    if any(key.startswith(("global_vit.", "LGF")) for key in found):
        return TeacherCheckpoint(
            str(path),
            "this is the teacher (its keys begin with global_vit. and LGF); export needs the student, "
            "whose keys begin with local_cnn. and LDA",
        )
    with torch.device("meta"):
        wanted = build_student(config).state_dict()
    missing = [key for key in wanted if key not in found and not key.endswith("num_batches_tracked")]
    surplus = [key for key in found if key not in wanted]
    differing = [
        f"{key} is {list(found[key].shape)}, not {list(wanted[key].shape)}"
        for key in wanted
        if key in found and found[key].shape != wanted[key].shape
    ]
    parts = [
        f"{len(keys)} {what} ({'; '.join(keys[:3])}{'; ...' if len(keys) > 3 else ''})"
        for what, keys in (
            ("keys missing", missing),
            ("keys no student has", surplus),
            ("shapes differ", differing),
        )
        if keys
    ]
    kind = f"{config.form} student on {config.backbone}"
    return CheckpointMismatch(str(path), f"found {len(found)} tensors, wanted a {kind}: {', '.join(parts)}")
