"""A checkpoint into a network of any class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import CheckpointMismatch
from ..tensors import as_float32, check_size, differences, read_file, shown, tensors_of, without_prefixes

_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
_DEEP = 3


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill a network with the state_dict of a file, wherever in it that lies; only tensors are read.

    Raises:
        CheckpointMismatch: no mapping in it has the network's keys and shapes.
        CheckpointError: see :func:`mobileiqa_export.tensors.read_file`.
    """
    content, _ = read_file(path)
    wanted = network.state_dict()
    found = max(_candidates(content), key=lambda tensors: len(tensors.keys() & wanted.keys()), default=None)
    if found is None:
        held = shown(list(content), 5) if isinstance(content, Mapping) else f"a {type(content).__name__}"
        raise CheckpointMismatch(str(path), f"holds no state_dict, but {held or 'nothing'}")
    kind = type(network).__name__
    if parts := differences(found, wanted, f"{kind} has not"):
        raise CheckpointMismatch(
            str(path),
            f"found {len(found)} tensors, wanted those of {kind}: {parts}; give arch.kwargs that fit it",
        )
    check_size(path, found.values())
    network.load_state_dict({**wanted, **{key: _value(path, key, found[key], wanted[key]) for key in found}})


def digest(network: nn.Module) -> str:
    """SHA-256, in hex, of names, shapes and values of a network that comes without a checkpoint."""
    found = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        found.update(f"{key} {value.dtype} {list(value.shape)}\n".encode())
        found.update(value.detach().contiguous().view(-1).numpy().tobytes())
    return found.hexdigest()


def _candidates(content: Any, depth: int = _DEEP) -> Iterator[dict[str, Tensor]]:
    """Every mapping of tensors, as it is and without prefixes."""
    if not isinstance(content, Mapping):
        return
    if tensors := tensors_of(content):
        yield tensors
        yield without_prefixes(tensors, _PREFIXES)
    for inner in content.values() if depth else ():
        yield from _candidates(inner, depth - 1)


def _value(path: Path, key: str, value: Tensor, wanted: Tensor) -> Tensor:
    if wanted.is_floating_point():
        return as_float32(path, key, value)
    if value.dtype != wanted.dtype or value.layout != torch.strided or value.is_meta:
        raise CheckpointMismatch(str(path), f"{key} is {value.dtype}; {wanted.dtype} is wanted")
    return value
