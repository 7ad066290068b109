"""Reads files of tensors. They are untrusted: only tensors and plain values are ever read from them."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pickle
import re
import types
import warnings
import zipfile
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from mobileiqa_sdk._text import first_line

from .errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointMismatch,
    CheckpointNotFound,
    CheckpointUnsafe,
)
from .file_kinds import is_safetensors, other_kind
from .tensors import shown

METADATA_KEY = "mobileiqa"
_SUFFIXES = (".safetensors", ".pth", ".pt", ".pkl", ".ckpt", ".bin")
# How torch.load says that a pickle asks for more than tensors. 149 begins every plain pickle.dump().
_UNSAFE = ("unsupported global", "unsupported class", "unrecognized function", "can only ")
_PLAIN_PICKLE = "unsupported operand 149"
_GLOBAL = re.compile(r"(?:GLOBAL|class|function|but got <class) '?([\w.]+)")
# What training scripts keep beside the weights. Making one of these runs no code that a file could choose.
_HARMLESS: list[Any] = [
    argparse.Namespace,
    types.SimpleNamespace,
    datetime.date,
    datetime.datetime,
    datetime.timedelta,
    datetime.timezone,
    (PosixPath, "pathlib.PosixPath"),
    (PurePosixPath, "pathlib.PurePosixPath"),
    (PosixPath, "pathlib._local.PosixPath"),
    np.dtype,
    *{type(np.dtype(kind)) for kind in "?bhilqBHILQefdSUmM"},
    (np.float64(0).__reduce__()[0], "numpy._core.multiarray.scalar"),
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
    (np.zeros(0).__reduce__()[0], "numpy._core.multiarray._reconstruct"),
    (np.zeros(0).__reduce__()[0], "numpy.core.multiarray._reconstruct"),
    np.ndarray,
]


def read_file(path: Path) -> tuple[Any, dict[str, Any]]:
    """Returns what a file of PyTorch or safetensors holds, and its metadata.

    The content decides how it is read, not the suffix.

    Raises:
        CheckpointNotFound: no such file.
        CheckpointDamaged: empty, truncated, or not a checkpoint.
        CheckpointMismatch: it is a program or a file of another kind.
        CheckpointUnsafe: the pickle asks for code to be run; it was not run.
        CheckpointError: the file may not be read.
    """
    # Unlike the methods of Path, these accept any text: too long, in an unreadable folder.
    if os.path.isdir(path):
        raise CheckpointNotFound(str(path), _folder_reason(path))
    if not os.path.isfile(path):
        raise CheckpointNotFound(str(path), "there is no such file")
    if path.stat().st_size == 0:
        raise CheckpointDamaged(str(path), "the file is empty")
    try:
        return _read(path)
    except PermissionError as error:
        raise CheckpointError(str(path), "cannot be read: permission denied") from error


def _read(path: Path) -> tuple[Any, dict[str, Any]]:
    if is_safetensors(path):
        return _read_safetensors(path)
    # By first bytes and names alone: programs hold compressed source, which a state_dict never does.
    if kind := other_kind(path):
        damaged = kind.startswith(("a web page", "a pointer"))
        raise (CheckpointDamaged if damaged else CheckpointMismatch)(str(path), f"is {kind}")
    if path.suffix.lower() == ".safetensors" and not _begins_as_torch(path):
        return _read_safetensors(path)
    return _read_pickle(path), {}


def _folder_reason(path: Path) -> str:
    try:
        names = sorted(name for name in os.listdir(path) if name.endswith(_SUFFIXES))
    except PermissionError:
        names = []
    return f"is a folder; name the file in it: {shown(names, 4)}" if names else "is a folder"


def _begins_as_torch(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) in (b"PK", b"\x80\x02")


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "{}")
            # Copies: the tensors themselves are the file, and change and vanish with it.
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - not a mapping
    except (MemoryError, PermissionError):
        raise
    except Exception as error:  # a damaged file makes safetensors raise several classes
        reason = f"is not an intact safetensors file ({first_line(error)})"
        raise CheckpointDamaged(str(path), reason) from error
    try:
        info = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointDamaged(str(path), "its metadata is not JSON") from error
    return tensors, info if isinstance(info, dict) else {}


def _read_pickle(path: Path) -> Any:
    try:
        if _inflates(path):
            raise zipfile.BadZipFile("compressed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols and the like; what matters is raised
            # As an open file: by its path torch would choose how to read it from the suffix.
            with torch.serialization.safe_globals(_HARMLESS), open(path, "rb") as file:
                return torch.load(file, map_location="cpu", weights_only=True)
    except (MemoryError, PermissionError):
        raise
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from error
    except Exception as error:  # a damaged file makes torch raise nearly anything
        raise CheckpointDamaged(
            str(path), f"is truncated or not a PyTorch checkpoint ({type(error).__name__})"
        ) from error


def _refused(path: Path, message: str) -> CheckpointError:
    """Returns the error for a pickle that torch.load does not read."""
    if _PLAIN_PICKLE in message.lower():
        what = "is a pickle that torch.save did not write, and may hold code"
    elif any(mark in message.lower() for mark in _UNSAFE):
        name = _GLOBAL.search(message)
        what = f"asks for {name[1]}, which is" if name else "holds code or whole objects, which are"
        what = f"the pickle {what} more than tensors"
    else:
        return CheckpointDamaged(str(path), "is not an intact PyTorch checkpoint")
    return CheckpointUnsafe(
        str(path),
        f"{what}; it was not run. Save the weights alone, as torch.save(model.state_dict(), path); if you "
        "trust the file, load it in Python with weights_only=False for that",
    )


def _inflates(path: Path) -> bool:
    """Returns whether a zip inflates to more than its size: PyTorch never writes one, and it could fill
    memory.
    """
    with open(path, "rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size
