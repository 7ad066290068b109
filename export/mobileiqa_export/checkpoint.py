"""Reads and writes checkpoints of students and teachers. Files are untrusted: only tensors are ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

import safetensors.torch
import torch
from torch import Tensor

from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.contract import MAX_SIDE
from mobileiqa_sdk.library import sha256_of

from .checkpoint_file import METADATA_KEY, read_file
from .checkpoint_kind import Kind, Network, Sizes
from .errors import CheckpointMismatch, StudentCheckpoint, TeacherCheckpoint
from .state_dicts import StateDict, choose, contents, fitting, nearest
from .student import Student, StudentConfig
from .student.kind import STUDENT
from .teacher import Teacher, TeacherConfig
from .teacher.kind import TEACHER, is_teacher
from .tensors import as_weights, differences, is_ignored

AnyKind = Kind[Student, StudentConfig] | Kind[Teacher, TeacherConfig]


@dataclass(frozen=True)
class Checkpoint(Generic[Network, Sizes]):
    """A loaded network and where it came from.

    Attributes:
        network: in eval mode, float32, on the CPU.
        config: its sizes.
        sha256: of the file, in hex.
        info: metadata of the file (name, licence, training); empty for published pickles.
        origin: which weights of the file it has, in words; empty if there was nothing to choose or to find.
    """

    network: Network
    config: Sizes
    sha256: str
    info: dict[str, Any] = field(default_factory=dict)
    origin: str = ""


LoadedStudent = Checkpoint[Student, StudentConfig]
LoadedTeacher = Checkpoint[Teacher, TeacherConfig]


def load_checkpoint(
    path: str | Path, *, input_size: tuple[int, int] | None = None, weights: str | None = None
) -> LoadedStudent | LoadedTeacher:
    """Reads a student or a teacher; the keys in the file show which.

    Args:
        path: a ``.pkl``, ``.pth``, ``.pt`` or ``.safetensors`` file with a state_dict, plain or in nested
            dictionaries, its keys with or without a prefix.
        input_size: (height, width), instead of the one in the metadata or the published 1231x1907.
        weights: the name of the state_dict to take if the file has several networks, such as ``ema``.

    Raises:
        CheckpointNotFound: no such file.
        CheckpointDamaged: empty, truncated, not a checkpoint, or with NaN or infinite weights.
        CheckpointUnsafe: the pickle asks for code to be run; it was not run.
        CheckpointMismatch: the keys or shapes are not those of a student or a teacher, or the file has
            several networks and ``weights`` does not name one of them.
    """
    path = Path(path)
    content, info = read_file(path)
    part = _state_dict(path, content, weights, (STUDENT, TEACHER))
    if is_teacher(part.tensors):
        return _load(path, TEACHER, part, info, None, input_size)
    return _load(path, STUDENT, part, info, None, input_size)


def load_student(
    path: str | Path,
    *,
    config: StudentConfig | None = None,
    input_size: tuple[int, int] | None = None,
    weights: str | None = None,
) -> LoadedStudent:
    """Reads a student; a teacher in the same file is ignored.

    Args:
        path: see :func:`load_checkpoint`.
        config: the sizes; without it they come from the file's metadata, else from the shapes.
        input_size: see :func:`load_checkpoint`.
        weights: see :func:`load_checkpoint`.

    Raises:
        TeacherCheckpoint: the weights are the teacher's.
        CheckpointError: see :func:`load_checkpoint`.
    """
    path = Path(path)
    content, info = read_file(path)
    part = _state_dict(path, content, weights, (STUDENT,))
    if is_teacher(part.tensors):
        raise TeacherCheckpoint(
            str(path),
            "this is a teacher (its keys begin with global_vit. and LGF), and a student is needed here, "
            "whose keys begin with local_cnn. and LDA",
        )
    return _load(path, STUDENT, part, info, config, input_size)


def load_teacher(
    path: str | Path, *, input_size: tuple[int, int] | None = None, weights: str | None = None
) -> LoadedTeacher:
    """Reads a teacher; a student in the same file is ignored.

    Args:
        path: see :func:`load_checkpoint`.
        input_size: see :func:`load_checkpoint`.
        weights: see :func:`load_checkpoint`.

    Raises:
        StudentCheckpoint: the weights are a student's.
        CheckpointError: see :func:`load_checkpoint`.
    """
    path = Path(path)
    content, info = read_file(path)
    part = _state_dict(path, content, weights, (TEACHER,))
    if any(anchor in key for key in part.tensors for anchor in STUDENT.anchors):
        raise StudentCheckpoint(
            str(path),
            "this is a student (its keys begin with local_cnn.), and a teacher is needed here, whose keys "
            "begin with global_vit. and LGF",
        )
    return _load(path, TEACHER, part, info, None, input_size)


def save_checkpoint(
    path: str | Path, network: Student | Teacher, config: StudentConfig | TeacherConfig, **info: Any
) -> None:
    """Writes a network as ``.safetensors`` that describes itself: sizes, and JSON-ready ``info``."""
    kind = TEACHER.name if isinstance(config, TeacherConfig) else STUDENT.name
    metadata = {METADATA_KEY: json.dumps({kind: config.to_dict(), **info}, sort_keys=True)}
    # As bytes: safetensors itself writes files that only their owner may read.
    Path(path).write_bytes(safetensors.torch.save(network.state_dict(), metadata))


def _load(
    path: Path,
    kind: Kind[Network, Sizes],
    part: StateDict,
    info: dict[str, Any],
    config: Sizes | None,
    input_size: tuple[int, int] | None,
) -> Checkpoint[Network, Sizes]:
    tensors = part.tensors
    try:
        config = config or _config(kind, tensors, info.get(kind.name))
        if input_size:
            config = kind.read({**config.to_dict(), "input_size": input_size})
        if max(config.input_size) > MAX_SIDE:
            raise ValueError(f"input_size must be at most {MAX_SIDE}, not {config.input_size}")
    except (ValueError, TypeError, OverflowError) as error:
        raise CheckpointMismatch(
            str(path), f"does not describe a {kind.name}: {first_line(error)}"
        ) from error
    except LookupError as error:
        raise _mismatch(path, kind, tensors, kind.nearest(tensors)) from error
    return Checkpoint(_fill(path, kind, tensors, config), config, sha256_of(path), info, part.origin)


def _config(kind: Kind[Network, Sizes], tensors: Mapping[str, Tensor], stored: Any) -> Sizes:
    """Returns the sizes in the file's metadata if they fit the tensors, so that it cannot ask for a huge
    network.
    """
    inferred = kind.infer(tensors)
    if not stored:
        return inferred
    config = kind.read(stored)
    for name in kind.fixed(config):
        stated, actual = getattr(config, name), getattr(inferred, name)
        if stated != actual:
            raise ValueError(f"its metadata says {name} {stated!r}, its tensors {actual!r}")
    return config


def _state_dict(path: Path, content: Any, weights: str | None, kinds: Sequence[AnyKind]) -> StateDict:
    """Returns the one network of these kinds in a file, or else the tensors most like a student or a
    teacher.
    """

    def fits(tensors: dict[str, Tensor]) -> bool:
        if is_teacher(tensors):
            return TEACHER in kinds and _fits(path, TEACHER, tensors)
        return STUDENT in kinds and _fits(path, STUDENT, tensors)

    keys = [*STUDENT.anchors, *TEACHER.anchors]
    part = choose(path, fitting(content, keys, fits), weights) or nearest(content, keys)
    if part is None:
        names = " or ".join(f"a {kind.name}'s" for kind in kinds)
        held = contents(content)
        raise CheckpointMismatch(str(path), f"holds no tensors, but {held}; expected {names} state_dict")
    return part


def _fits(path: Path, kind: Kind[Network, Sizes], tensors: Mapping[str, Tensor]) -> bool:
    """Returns whether tensors have the keys and shapes of a network of this kind, of any sizes."""
    try:
        expected = _empty(path, kind, kind.infer(tensors)).state_dict()
    except (CheckpointMismatch, LookupError, ValueError, TypeError, OverflowError):
        return False
    return not differences(tensors, expected, "")


def _fill(path: Path, kind: Kind[Network, Sizes], tensors: dict[str, Tensor], config: Sizes) -> Network:
    network = _empty(path, kind, config)
    own = network.state_dict()
    if differences(tensors, own, ""):
        raise _mismatch(path, kind, tensors, config)
    state = as_weights(path, tensors, own)
    state |= {key: torch.tensor(0) for key in own if is_ignored(key)}
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(True).eval()


def _empty(path: Path, kind: Kind[Network, Sizes], config: Sizes) -> Network:
    # On the meta device a made-up config costs no memory before its shapes are compared.
    try:
        with torch.device("meta"):
            return kind.build(config)
    except (ValueError, RuntimeError) as error:
        raise CheckpointMismatch(
            str(path), f"does not describe a {kind.name}: {first_line(error)}"
        ) from error


def _mismatch(
    path: Path, kind: Kind[Network, Sizes], tensors: Mapping[str, Tensor], config: Sizes
) -> CheckpointMismatch:
    own = _empty(path, kind, config).state_dict()
    parts = differences(tensors, own, f"no {kind.name} has")
    return CheckpointMismatch(
        str(path), f"{len(tensors)} tensors do not fit {kind.describe(config)}: {parts}"
    )
