"""Loads a checkpoint into a network of any class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import CheckpointMismatch
from ..state_dicts import StateDict, choose, fitting, state_dicts, with_key
from ..tensors import COUNTER, as_float32, check_size, differences, read_file, shown


def load_weights(network: nn.Module, path: Path, weights: str | None = None) -> str:
    """Fills a network with the state_dict of a file and returns that state_dict's name.

    Only tensors are read. The state_dict may lie in nested dictionaries, and its keys may have a prefix
    that the network's lack, or lack one that the network's have.

    Args:
        network: to fill.
        path: of the file.
        weights: the name of the state_dict to take, if several fit.

    Raises:
        CheckpointMismatch: no state_dict has the network's keys and shapes, or several have.
        CheckpointError: see :func:`mobileiqa_export.tensors.read_file`.
    """
    content, _ = read_file(path)
    own = {key: value for key, value in network.state_dict().items() if isinstance(value, Tensor)}
    chosen = choose(path, _fitting(content, own), weights)
    if chosen is None:
        raise _mismatch(path, content, own, type(network).__name__)
    # A buffer such as torch.meshgrid makes repeats its values, and so may what is saved of it.
    repeated = {key for key, value in own.items() if 0 in value.stride() and value.numel() > 1}
    check_size(path, [value for key, value in chosen.tensors.items() if key not in repeated])
    values = {
        key: _value(path, key, value, own[key])
        for key, value in chosen.tensors.items()
        if key in own and not key.endswith(COUNTER)
    }
    for key in repeated:
        parent, _, name = key.rpartition(".")
        owner = network.get_submodule(parent)
        if name in owner._buffers:
            owner._buffers[name] = own[key].contiguous()
    network.load_state_dict(values, strict=False)
    return chosen.name


def digest(network: nn.Module) -> str:
    """Returns the SHA-256, in hex, of names, shapes and values of a network's state_dict."""
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        if not isinstance(value, Tensor):  # what get_extra_state() gives
            digest.update(f"{key} {value!r}\n".encode())
            continue
        digest.update(f"{key} {value.dtype} {list(value.shape)}\n".encode())
        digest.update(value.detach().contiguous().view(-1).numpy().tobytes())
    return digest.hexdigest()


def _fitting(content: Any, own: Mapping[str, Tensor]) -> list[StateDict]:
    """Returns the state_dicts that fit the network once a prefix is removed from either side."""
    keys = [key for key in own if not key.endswith(COUNTER)]
    if not keys:
        return []

    def fits(tensors: Mapping[str, Tensor]) -> bool:
        return not differences(tensors, own, "")

    matches = fitting(content, keys[0], fits)
    if matches:
        return matches
    for whole in state_dicts(content):
        first = next(iter(whole.tensors))
        for key in own:
            if key.endswith(f".{first}"):
                prefix = key[: -len(first)]
                longer = {f"{prefix}{name}": value for name, value in whole.tensors.items()}
                if fits(longer):
                    matches.append(StateDict(whole.name, longer))
    return matches


def _mismatch(path: Path, content: Any, own: Mapping[str, Tensor], kind: str) -> CheckpointMismatch:
    """Returns the error that says how the most similar state_dict differs from the network."""
    anchors = [key for key in own if not key.endswith(COUNTER)]
    parts = [
        part
        for whole in state_dicts(content)
        for part in (whole, *(with_key(whole, anchors[0]) if anchors else ()))
    ]
    if not parts:
        held = shown(list(content), 5) if isinstance(content, Mapping) else f"a {type(content).__name__}"
        return CheckpointMismatch(str(path), f"holds no state_dict, but {held or 'nothing'}")
    nearest = max(parts, key=lambda part: len(part.tensors.keys() & own.keys()))
    advice = ""
    if nearest.tensors.keys() & own.keys():
        advice = "; give arch.kwargs that fit it"
    return CheckpointMismatch(
        str(path),
        f"found {len(nearest.tensors)} tensors, wanted those of {kind}: "
        f"{differences(nearest.tensors, own, f'{kind} does not have')}{advice}",
    )


def _value(path: Path, key: str, value: Tensor, own: Tensor) -> Tensor:
    if own.is_floating_point():
        return as_float32(path, key, value)
    if value.dtype != own.dtype or value.layout != torch.strided or value.is_meta:
        raise CheckpointMismatch(str(path), f"{key} is {value.dtype}, not {own.dtype}")
    return value
