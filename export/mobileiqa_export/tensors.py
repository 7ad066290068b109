"""The tensors of an untrusted checkpoint as weights: compared with what a network has, checked, converted."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mobileiqa_sdk._text import one_line

from .errors import CheckpointDamaged, CheckpointMismatch

_SHOWN = 200
"""Characters of a key or value that a message shows."""
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
_IGNORED = ("num_batches_tracked", "total_ops", "total_params")
"""Last parts of keys that inference does not use: BatchNorm's counters, and what thop leaves behind."""


def is_ignored(key: str) -> bool:
    """Returns whether inference does not use a tensor of this key, so that it may be missing or extra."""
    return key.rpartition(".")[2] in _IGNORED


def tensors_of(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Returns the plain tensors of a mapping, by name."""
    return {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, Tensor) and not value.is_nested
    }


def as_weights(
    path: Path,
    tensors: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    repeated: Container[str] = (),
) -> dict[str, Tensor]:
    """Returns the tensors that a network expects, as it wants them: floating-point ones in float32.

    Args:
        path: of the file, for errors.
        tensors: of the file; they have the expected keys and shapes.
        expected: the network's own, maybe on the meta device.
        repeated: keys of tensors that may store a single value for all their elements (``expand``).

    Raises:
        CheckpointMismatch: a tensor is of a kind that is not for weights.
        CheckpointDamaged: NaN, infinity, or more weights than the file has bytes.
    """
    used = {key: value for key, value in tensors.items() if key in expected and not is_ignored(key)}
    for key, value in used.items():
        _check_kind(path, key, value, expected[key])
    check_size(path, [value for key, value in used.items() if key not in repeated])
    return {
        key: _as_float32(path, key, value) if expected[key].is_floating_point() else value
        for key, value in used.items()
    }


def check_size(path: Path, tensors: Iterable[Tensor]) -> None:
    """Raises CheckpointDamaged if one value stands for a whole tensor, as it may in a pickle.

    A tensor under several keys, such as the weights that layers share, counts once.
    """
    views = {(value.data_ptr(), value.shape, value.stride()): value.numel() for value in tensors}
    if sum(views.values()) > path.stat().st_size:
        raise CheckpointDamaged(str(path), "claims more weights than the file has bytes")


def _check_kind(path: Path, key: str, value: Tensor, expected: Tensor) -> None:
    plain = value.layout == torch.strided and not value.is_meta
    if expected.is_floating_point():
        if plain and value.dtype in _DTYPES:
            return
        advice = "weights in float16, bfloat16, float32 or float64 are needed"
    else:
        if plain and value.dtype == expected.dtype:
            return
        advice = f"{_name(expected.dtype)} is needed"
    kind = _name(value.dtype)
    if value.layout != torch.strided:
        kind = f"{_name(value.layout)} {kind}"
    if value.is_meta:
        kind += " without data"
    raise CheckpointMismatch(str(path), f"{key} is {kind}; {advice}")


def _name(kind: torch.dtype | torch.layout) -> str:
    return str(kind).removeprefix("torch.")


def _as_float32(path: Path, key: str, value: Tensor) -> Tensor:
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
    """Keys and shapes in which two state_dicts differ, for a message; empty where they agree."""
    missing = [key for key in expected if key not in actual and not is_ignored(key)]
    more = [key for key in actual if key not in expected and not is_ignored(key)]
    differing = [
        f"{key} is {list(actual[key].shape)}, not {list(expected[key].shape)}"
        for key in expected
        if key in actual and actual[key].shape != expected[key].shape and not is_ignored(key)
    ]
    kinds = (("keys missing", missing), (f"keys {surplus}", more), ("shapes differ", differing))
    return ", ".join(f"{len(keys)} {what} ({shown(keys, 3)})" for what, keys in kinds if keys)
