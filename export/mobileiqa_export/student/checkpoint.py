"""Checkpoint files in and out. Files are untrusted: only tensors are ever read from them."""

from __future__ import annotations

import json
import math
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from mobileiqa_sdk.contract import MAX_SIDE
from mobileiqa_sdk.library import sha256_of

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
_TEACHER = ("global_vit.", "LGF")
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
# How torch.load says that a pickle asks for more than tensors. 149 begins every plain pickle.dump().
_UNSAFE = ("unsupported global", "unsupported class", "unrecognized function", "unsupported operand 149")


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
    # Unlike those of Path, these take any text: too long, in a folder that is not ours.
    if not os.path.isfile(path):
        raise CheckpointNotFound(str(path), "is a folder" if os.path.isdir(path) else "there is no such file")
    if path.stat().st_size == 0:
        raise CheckpointDamaged(str(path), "the file is empty")
    info: dict[str, Any] = {}
    if path.suffix.lower() == ".safetensors":
        tensors, info = _read_safetensors(path)
    else:
        tensors = _find_tensors(path, _read_pickle(path))
    tensors = _strip_prefixes(tensors)
    if any(key.startswith(_TEACHER) for key in tensors):
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
        raise CheckpointMismatch(str(path), f"describes no student: {_printable(error)}") from error
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
    names = ["form", "backbone", "hidden", "views"]
    for name in names + ["grid", "width"] * (config.form == "attention"):
        told, seen = getattr(config, name), getattr(inferred, name)
        if told != seen:
            raise ValueError(f"its metadata says {name} {told!r}, its tensors {seen!r}")
    return config


def _nearest(tensors: Mapping[str, Tensor]) -> StudentConfig:
    """The student to compare with where the tensors do not tell their sizes."""
    if any(key.startswith("head.") for key in tensors):
        return StudentConfig("moments", "mobilenetv3-large-minimalistic")
    return StudentConfig()


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "{}")
            # Copies: the tensors themselves are the file, and change and vanish with it.
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - no mapping
    except Exception as error:  # a damaged file makes safetensors raise several classes
        reason = f"is no intact safetensors file ({_printable(error)})"
        raise CheckpointDamaged(str(path), reason) from error
    try:
        info = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointDamaged(str(path), "its metadata is no JSON") from error
    return tensors, info if isinstance(info, dict) else {}


def _read_pickle(path: Path) -> Any:
    try:
        if _inflates(path):
            raise zipfile.BadZipFile("compressed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols and the like; what matters is raised
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if any(mark in str(error).lower() for mark in _UNSAFE):
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


def _inflates(path: Path) -> bool:
    """Whether a zip holds more than its size: PyTorch writes none, and a small one could fill the memory."""
    with open(path, "rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size


def _find_tensors(path: Path, content: Any) -> dict[str, Tensor]:
    for _ in _WRAPPERS:
        if isinstance(content, Mapping):
            inner = [content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
            content = inner[0] if inner else content
    if not isinstance(content, Mapping):
        raise CheckpointMismatch(str(path), f"holds a {type(content).__name__}, not a state_dict")
    tensors = {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, Tensor) and not value.is_nested
    }
    if not tensors:
        keys = _shown(list(content), 5) or "nothing"
        raise CheckpointMismatch(str(path), f"holds no tensors, but {keys}; expected a student's state_dict")
    return tensors


def _strip_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    while prefix := next((p for p in _PREFIXES if tensors and all(k.startswith(p) for k in tensors)), None):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors


def _fill(path: Path, tensors: dict[str, Tensor], config: StudentConfig) -> Student:
    student = _empty(path, config)
    wanted = student.state_dict()
    counters = {key for key in wanted if key.endswith("num_batches_tracked")}
    found = {key: value for key, value in tensors.items() if key not in counters}
    if {k: v.shape for k, v in found.items()} != {k: v.shape for k, v in wanted.items() if k not in counters}:
        raise _mismatch(path, found, config)
    # One value may stand for a whole tensor, in a pickle.
    if sum(value.numel() for value in found.values()) > path.stat().st_size:
        raise CheckpointDamaged(str(path), "claims more weights than the file has bytes")
    state = {key: _weights(path, key, value) for key, value in found.items()}
    state |= {key: torch.tensor(0) for key in counters}
    student.load_state_dict(state, assign=True)
    return student.requires_grad_(True).eval()


def _weights(path: Path, key: str, value: Tensor) -> Tensor:
    if value.dtype not in _DTYPES or value.layout != torch.strided or value.is_meta:
        kind = f"{value.layout} {value.dtype}{' without data' * value.is_meta}".replace("torch.", "")
        raise CheckpointMismatch(str(path), f"{key} is {kind}; float32 or float16 weights are wanted")
    full = value.detach().to(torch.float32).contiguous()
    if not bool(torch.isfinite(full).all()):
        raise CheckpointDamaged(str(path), f"{key} has NaN or infinite values")
    return full


def _empty(path: Path, config: StudentConfig) -> Student:
    # On the meta device a made-up config costs no memory before its shapes are compared.
    try:
        with torch.device("meta"):
            return build_student(config)
    except (ValueError, RuntimeError) as error:
        raise CheckpointMismatch(str(path), f"describes no student: {_printable(error)}") from error


def _mismatch(path: Path, found: Mapping[str, Tensor], config: StudentConfig) -> CheckpointMismatch:
    wanted = _empty(path, config).state_dict()
    missing = [key for key in wanted if key not in found and not key.endswith("num_batches_tracked")]
    surplus = [key for key in found if key not in wanted]
    differing = [
        f"{key} is {list(found[key].shape)}, not {list(wanted[key].shape)}"
        for key in wanted
        if key in found and found[key].shape != wanted[key].shape
    ]
    parts = [
        f"{len(keys)} {what} ({_shown(keys, 3)})"
        for what, keys in (
            ("keys missing", missing),
            ("keys no student has", surplus),
            ("shapes differ", differing),
        )
        if keys
    ]
    kind = f"{'an' if config.form == 'attention' else 'a'} {config.form} student on {config.backbone}"
    return CheckpointMismatch(str(path), f"found {len(found)} tensors, wanted {kind}: {', '.join(parts)}")


def _shown(values: Sequence[object], count: int) -> str:
    """The first few, for a message."""
    return "; ".join(_printable(value) for value in values[:count]) + "; ..." * (len(values) > count)


def _printable(value: object) -> str:
    """Text that a file chose, as one line that no terminal obeys."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= 200 else f"{text[:200]}..."
