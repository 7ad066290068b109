"""Reads files of tensors. They are untrusted: only tensors are ever read from them."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from mobileiqa_sdk._text import first_line, one_line

from .errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointMismatch,
    CheckpointNotFound,
    CheckpointUnsafe,
)

METADATA_KEY = "mobileiqa"
_SHOWN = 200
"""Characters of a key or value that a message shows."""
COUNTER = "num_batches_tracked"
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
# How torch.load says that a pickle asks for more than tensors. 149 begins every plain pickle.dump().
_UNSAFE = ("unsupported global", "unsupported class", "unrecognized function", "unsupported operand 149")
_GLOBAL = re.compile(r"(?:GLOBAL|class|function) ([\w.]+)")
# What training scripts keep beside the weights. Making one of these runs no code that a file could choose.
_HARMLESS: list[Any] = [
    argparse.Namespace,
    (PosixPath, "pathlib.PosixPath"),
    (PurePosixPath, "pathlib.PurePosixPath"),
    (PosixPath, "pathlib._local.PosixPath"),
    np.dtype,
    *{type(np.dtype(kind)) for kind in "?bhilqBHILQefd"},
    (np.float64(0).__reduce__()[0], "numpy._core.multiarray.scalar"),
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
    (np.zeros(0).__reduce__()[0], "numpy._core.multiarray._reconstruct"),
    (np.zeros(0).__reduce__()[0], "numpy.core.multiarray._reconstruct"),
    np.ndarray,
]


def read_file(path: Path) -> tuple[Any, dict[str, Any]]:
    """Returns what a ``.pkl``, ``.pth``, ``.pt`` or ``.safetensors`` file holds, and its metadata.

    Raises:
        CheckpointNotFound: no such file.
        CheckpointDamaged: empty, truncated, or not a checkpoint.
        CheckpointUnsafe: the pickle asks for code to be run; it was not run.
        CheckpointError: the file may not be read.
    """
    # Unlike those of Path, these take any text: too long, in a folder that is not ours.
    if not os.path.isfile(path):
        raise CheckpointNotFound(str(path), "is a folder" if os.path.isdir(path) else "there is no such file")
    if path.stat().st_size == 0:
        raise CheckpointDamaged(str(path), "the file is empty")
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path)
    return _read_pickle(path), {}


def tensors_of(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Returns the plain tensors of a mapping, by name."""
    return {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, Tensor) and not value.is_nested
    }


def check_size(path: Path, tensors: Iterable[Tensor]) -> None:
    """Raises CheckpointDamaged if one value stands for a whole tensor, as it may in a pickle."""
    if sum(value.numel() for value in tensors) > path.stat().st_size:
        raise CheckpointDamaged(str(path), "claims more weights than the file has bytes")


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY, "{}")
            # Copies: the tensors themselves are the file, and change and vanish with it.
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - no mapping
    except Exception as error:  # a damaged file makes safetensors raise several classes
        reason = f"is no intact safetensors file ({first_line(error)})"
        raise CheckpointDamaged(str(path), reason) from error
    try:
        info = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointDamaged(str(path), "its metadata is not JSON") from error
    return tensors, info if isinstance(info, dict) else {}


def _read_pickle(path: Path) -> Any:
    try:
        # First by its names alone: programs hold compressed source, which a state_dict never does.
        if kind := _program_kind(path):
            raise CheckpointMismatch(
                str(path), f"is a {kind} program, not a state_dict; save torch.save(model.state_dict(), path)"
            )
        if _inflates(path):
            raise zipfile.BadZipFile("compressed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols and the like; what matters is raised
            with torch.serialization.safe_globals(_HARMLESS):
                return torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except PermissionError as error:
        raise CheckpointError(str(path), "cannot be read: permission denied") from error
    except pickle.UnpicklingError as error:
        if any(mark in str(error).lower() for mark in _UNSAFE):
            name = _GLOBAL.search(str(error))
            what = f"asks for {name[1]}, which is" if name else "holds code or whole objects, which are"
            raise CheckpointUnsafe(
                str(path),
                f"the pickle {what} more than tensors; it was not run. Save the weights alone, as "
                "torch.save(model.state_dict(), path); if you trust the file, load it in Python with "
                "weights_only=False for that",
            ) from error
        raise CheckpointDamaged(str(path), "is a damaged PyTorch checkpoint") from error
    except Exception as error:  # a damaged file makes torch raise nearly anything
        raise CheckpointDamaged(
            str(path), f"is truncated or not a PyTorch checkpoint ({type(error).__name__})"
        ) from error


def _program_kind(path: Path) -> str:
    """Returns the kind of program that a zip archive holds instead of a state_dict; empty for others."""
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
    if "constants.pkl" in names:
        return "TorchScript"
    return "torch.export" if "archive_format" in names else ""


def _inflates(path: Path) -> bool:
    """Returns whether a zip inflates to more than its size: PyTorch never writes one, and it could fill
    memory.
    """
    with open(path, "rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size


def as_float32(path: Path, key: str, value: Tensor) -> Tensor:
    """Returns a weight as float32. Raises CheckpointMismatch, and CheckpointDamaged on NaN or infinity."""
    if value.dtype not in _DTYPES or value.layout != torch.strided or value.is_meta:
        kind = f"{value.layout} {value.dtype}".replace("torch.", "")
        if value.is_meta:
            kind += " without data"
        raise CheckpointMismatch(str(path), f"{key} is {kind}; weights must be float32 or float16")
    full = value.detach().to(torch.float32).contiguous()
    if not bool(torch.isfinite(full).all()):
        raise CheckpointDamaged(str(path), f"{key} has NaN or infinite values")
    return full


def shown(values: Sequence[object], count: int) -> str:
    """Returns the first few values for a message."""
    listed = [one_line(value, _SHOWN) for value in values[:count]]
    if len(values) > count:
        listed.append("...")
    return "; ".join(listed)


def differences(actual: Mapping[str, Tensor], expected: Mapping[str, Tensor], surplus: str) -> str:
    """Returns the keys and shapes in which two state_dicts differ, for a message; empty if they agree.

    Counters of batches may be missing, since inference does not use them.
    """
    missing = [key for key in expected if key not in actual and not key.endswith(COUNTER)]
    more = [key for key in actual if key not in expected]
    differing = [
        f"{key} is {list(actual[key].shape)}, not {list(expected[key].shape)}"
        for key in expected
        if key in actual and actual[key].shape != expected[key].shape and not key.endswith(COUNTER)
    ]
    kinds = (("keys missing", missing), (f"keys {surplus}", more), ("shapes differ", differing))
    return ", ".join(f"{len(keys)} {what} ({shown(keys, 3)})" for what, keys in kinds if keys)
