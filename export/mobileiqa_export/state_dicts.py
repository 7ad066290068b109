"""Finds the state_dict that fits a network, anywhere in a file and whatever prefix its keys have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .errors import CheckpointMismatch
from .tensors import is_ignored, shown, tensors_of

_DEPTH = 6
"""Most levels of nested containers that are searched."""
_PARTS = 20
"""Most parts of a key that may be a prefix."""
_WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Parts of keys that DataParallel, torch.compile, FSDP and activation checkpointing put in."""

Fits = Callable[[dict[str, Tensor]], bool]


@dataclass(frozen=True)
class StateDict:
    """A mapping of tensors in a file.

    Attributes:
        name: dotted keys that lead to it, then the prefix that its keys had, such as
            ``state_dict.model``; empty if the file is the mapping itself.
        tensors: by key, without that prefix.
        added: a prefix that the network's keys have, the file's lack, and ``tensors`` was given.
    """

    name: str
    tensors: dict[str, Tensor]
    added: str = ""

    @property
    def origin(self) -> str:
        """Which weights of the file these are, for a line of progress; empty if there is nothing to say."""
        under = f" called {self.name}" if self.name else ""
        for_part = f" for {self.added.rstrip('.')} of the network" if self.added else ""
        return f"taking the weights{under}{for_part}" if under or for_part else ""


def state_dicts(content: Any) -> Iterator[StateDict]:
    """Yields every mapping of tensors in nested mappings, lists and tuples, the outer ones first."""
    if isinstance(content, (Mapping, list, tuple)):
        yield from _nested(content, "", _DEPTH, set())


def fitting(content: Any, keys: Collection[str], fits: Fits) -> list[StateDict]:
    """Returns the state_dicts in a file that fit a network.

    One prefix may be missing on either side, and wrappers such as DataParallel may have changed the keys.

    Args:
        content: of a file.
        keys: of the network, some or all, by which prefixes are found.
        fits: whether tensors are the network's.
    """
    result: list[StateDict] = []
    for whole in state_dicts(content):
        for variants in _variants(whole, keys):
            if fit := [variant for variant in variants if fits(variant.tensors)]:
                result += _outermost(fit)
                break
    return result


def nearest(content: Any, keys: Collection[str]) -> StateDict | None:
    """Returns what in a file is most like a network, by its keys; None if there are no tensors at all."""
    own = {key for key in keys if not is_ignored(key)}
    parts: list[StateDict] = []
    for whole in state_dicts(content):
        parts.append(whole)
        for variants in _variants(whole, own):
            parts += variants
    return max(parts, key=lambda part: (len(part.tensors.keys() & own), len(part.tensors)), default=None)


def contents(content: Any) -> str:
    """Returns in a few words what a file without tensors holds."""
    if not isinstance(content, Mapping):
        return f"a {type(content).__name__}"
    if any(isinstance(value, np.ndarray) for value in content.values()):
        return "arrays of numpy; save them as tensors, by torch.from_numpy"
    return shown(list(content), 5) or "nothing"


def choose(path: Path, fitting: list[StateDict], weights: str | None) -> StateDict | None:
    """Returns the one state_dict that fits; None if there is none.

    Args:
        path: of the file, for errors.
        fitting: those that fit the network.
        weights: the name of the one to take; None if there is nothing to choose.

    Raises:
        CheckpointMismatch: several that differ fit and none is named, or the named one is not among them.
    """
    if weights is not None:
        for part in fitting:
            if part.name == weights:
                return part
        names = shown([part.name for part in fitting], 8) or "none"
        raise CheckpointMismatch(str(path), f"has no fitting weights called {weights!r}; there are: {names}")
    if len(fitting) > 1 and not all(_same(part, fitting[0]) for part in fitting[1:]):
        names = shown([part.name or "the file itself" for part in fitting], 8)
        raise CheckpointMismatch(
            str(path),
            f"holds {len(fitting)} state_dicts that fit: {names}; choose one by its name "
            "(--weights, or arch.weights in TOML)",
        )
    return fitting[0] if fitting else None


def _nested(content: Any, name: str, depth: int, visited: set[int]) -> Iterator[StateDict]:
    if id(content) in visited:  # a file may refer to one object a million times
        return
    visited.add(id(content))
    if isinstance(content, Mapping) and (tensors := tensors_of(content)):
        yield StateDict(name, tensors)
    if depth:
        for key, inner in content.items() if isinstance(content, Mapping) else enumerate(content):
            if isinstance(inner, (Mapping, list, tuple)):
                yield from _nested(inner, _joined(name, str(key)), depth - 1, visited)


def _variants(whole: StateDict, keys: Collection[str]) -> Iterator[list[StateDict]]:
    """Yields the variants in which a mapping may be a network's, the simplest first."""
    common = _common_prefix(keys)
    parts = [part for part in (whole, _unwrapped(whole)) if part]
    for added in dict.fromkeys(("", common)):
        own = {key[len(added) :] for key in keys if not is_ignored(key)}
        for part in parts:
            yield [_under(part, prefix, added) for prefix in _prefixes(part.tensors, own)]


def _outermost(parts: list[StateDict]) -> list[StateDict]:
    """Returns the parts that are no piece of a larger one: a network may hold another that also fits."""
    identities = [{id(tensor) for tensor in part.tensors.values()} for part in parts]
    return [
        part
        for part, own in zip(parts, identities, strict=True)
        if not any(own < other for other in identities)
    ]


def _prefixes(tensors: Collection[str], keys: Collection[str]) -> list[str]:
    """Returns the prefixes under which any of the keys lies, in order; each ends with a dot or is empty."""
    prefixes: dict[str, None] = {}
    for full in tensors:
        parts = full.split(".", _PARTS)
        for at in range(len(parts)):
            key = ".".join(parts[at:])
            if key in keys:
                prefixes[full[: len(full) - len(key)]] = None
    return list(prefixes)


def _under(part: StateDict, prefix: str, added: str) -> StateDict:
    """Returns the tensors whose keys begin with a prefix, with another one in its place."""
    inner = {f"{added}{key[len(prefix) :]}": t for key, t in part.tensors.items() if key.startswith(prefix)}
    return StateDict(_joined(part.name, prefix.rstrip(".")), inner, added)


def _unwrapped(whole: StateDict) -> StateDict | None:
    """Returns the tensors without wrappers within their keys; None if there are none, or keys coincide.

    A wrapper around the whole network is a prefix, as any other.
    """
    renamed = {}
    for key, value in whole.tensors.items():
        first, *others = key.split(".")
        renamed[".".join([first, *(part for part in others if part not in _WRAPPERS)])] = value
    changed = renamed.keys() != whole.tensors.keys() and len(renamed) == len(whole.tensors)
    return StateDict(whole.name, renamed) if changed else None


def _common_prefix(keys: Collection[str]) -> str:
    """Returns the dotted prefix that all keys share."""
    parents = [key.split(".")[:-1] for key in keys if not is_ignored(key)]
    shared: list[str] = []
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(f"{parts[0]}.")
    return "".join(shared)


def _same(one: StateDict, other: StateDict) -> bool:
    """Returns whether two state_dicts hold the same weights."""
    first, second = ({k: v for k, v in part.tensors.items() if not is_ignored(k)} for part in (one, other))
    return first.keys() == second.keys() and all(_equal(value, second[key]) for key, value in first.items())


def _equal(one: Tensor, other: Tensor) -> bool:
    known = all(tensor.layout == torch.strided and not tensor.is_meta for tensor in (one, other))
    comparable = known and one.dtype == other.dtype and one.shape == other.shape
    return comparable and torch.equal(one, other)


def _joined(name: str, key: str) -> str:
    return ".".join(part for part in (name, key) if part)
