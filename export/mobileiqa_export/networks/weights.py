"""Loads a checkpoint into a network of any class."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..checkpoint_file import read_file
from ..errors import CheckpointMismatch
from ..state_dicts import StateDict, choose, contents, fitting, nearest
from ..tensors import as_weights, differences, is_ignored

_SHARD = re.compile(r"\d+-of-\d+")


def load_weights(network: nn.Module, path: Path, weights: str | None = None) -> StateDict:
    """Fills a network with the state_dict of a file, and returns that state_dict.

    Only tensors are read. The state_dict may lie in nested dictionaries, and its keys may have a prefix
    that the network's lack, or lack one that the network's have.

    Args:
        network: to fill.
        path: of the file.
        weights: the name of the state_dict to take, if several fit.

    Raises:
        CheckpointMismatch: no state_dict has the network's keys and shapes, or several have.
        CheckpointError: see :func:`mobileiqa_export.checkpoint_file.read_file`.
    """
    content, _ = read_file(path)
    own = {key: value for key, value in network.state_dict().items() if isinstance(value, Tensor)}
    chosen = choose(path, fitting(content, own, lambda tensors: not differences(tensors, own, "")), weights)
    if chosen is None:
        raise _mismatch(path, content, own, type(network).__name__)
    # A buffer such as torch.meshgrid makes repeats its values, and so may what is saved of it.
    repeated = {key for key, value in own.items() if 0 in value.stride() and value.numel() > 1}
    values = as_weights(path, chosen.tensors, own, repeated)
    for key in repeated:
        parent, _, name = key.rpartition(".")
        owner = network.get_submodule(parent)
        if name in owner._buffers:
            owner._buffers[name] = own[key].contiguous()
    network.load_state_dict(values, strict=False)
    return chosen


def digest(network: nn.Module, constants: Mapping[str, Any]) -> str:
    """Returns the SHA-256, in hex, of names, shapes and values of all tensors that a network reads.

    Args:
        network: whose state_dict counts.
        constants: of the program it is traced to: tensors outside the state_dict, such as those of modules in
            a list, attributes and buffers that are not persistent.
    """
    digest = hashlib.sha256()
    for tensors in (network.state_dict(), constants):
        for key, value in sorted(tensors.items()):
            if not isinstance(value, Tensor):  # what get_extra_state() gives
                digest.update(f"{key} {value!r}\n".encode())
                continue
            digest.update(f"{key} {value.dtype} {list(value.shape)}\n".encode())
            # As bytes: numpy has no bfloat16.
            digest.update(value.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _mismatch(path: Path, content: Any, own: Mapping[str, Tensor], kind: str) -> CheckpointMismatch:
    """Returns the error that says what the state_dict that is most like the network's lacks."""
    part = nearest(content, own)
    if part is None:
        return CheckpointMismatch(str(path), f"holds no state_dict, but {contents(content)}")
    reason = (
        f"{len(part.tensors)} tensors do not fit {kind}: "
        f"{differences(part.tensors, own, f'{kind} does not have')}"
    )
    return CheckpointMismatch(str(path), f"{reason}{_advice(path, part.tensors, own)}")


def _advice(path: Path, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    if _SHARD.search(path.name):
        return "; it is one of several files: join them, and save one state_dict"
    common = {key for key in tensors.keys() & own.keys() if not is_ignored(key)}
    if not common:
        return ""
    if all(key in tensors or is_ignored(key) for key in own):
        return "; give arch.kwargs that fit it, or take out what the network does not have"
    return "; give arch.kwargs that fit it"
