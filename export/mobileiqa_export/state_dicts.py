"""Finds the state_dict that fits a network, wherever in a file it lies and whatever prefix its keys have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import CheckpointMismatch
from .tensors import shown, tensors_of

_DEPTH = 3


@dataclass(frozen=True)
class StateDict:
    """A mapping of tensors in a file.

    Attributes:
        name: dotted keys that lead to it, then the prefix that its keys had, such as
            ``state_dict.model``; empty if the file is the mapping itself.
        tensors: by key, without that prefix.
    """

    name: str
    tensors: dict[str, Tensor]

    def under(self, prefix: str) -> StateDict:
        """Returns the tensors whose keys begin with a prefix, without it."""
        inner = {key[len(prefix) :]: value for key, value in self.tensors.items() if key.startswith(prefix)}
        return StateDict(_joined(self.name, prefix.rstrip(".")), inner)


def state_dicts(content: Any, name: str = "", depth: int = _DEPTH) -> Iterator[StateDict]:
    """Yields every mapping of tensors in nested mappings, the outer ones first."""
    if not isinstance(content, Mapping):
        return
    if tensors := tensors_of(content):
        yield StateDict(name, tensors)
    if depth:
        for key, inner in content.items():
            yield from state_dicts(inner, _joined(name, str(key)), depth - 1)


def with_key(part: StateDict, key: str) -> Iterator[StateDict]:
    """Yields the tensors under every prefix under which ``key`` lies."""
    for full in part.tensors:
        if full == key or full.endswith(f".{key}"):
            yield part.under(full[: len(full) - len(key)])


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


def fitting(content: Any, key: str, fits: Callable[[dict[str, Tensor]], bool]) -> list[StateDict]:
    """Returns the state_dicts under any prefix that fit a network.

    Args:
        content: of a file.
        key: one that the network has, by which prefixes are found.
        fits: whether tensors without their prefix are the network's.
    """
    return [part for whole in state_dicts(content) for part in with_key(whole, key) if fits(part.tensors)]


def _same(one: StateDict, other: StateDict) -> bool:
    return one.tensors.keys() == other.tensors.keys() and all(
        value.shape == other.tensors[key].shape and torch.equal(value, other.tensors[key])
        for key, value in one.tensors.items()
        if value.layout == torch.strided and not value.is_meta
    )


def _joined(name: str, key: str) -> str:
    return ".".join(part for part in (name, key) if part)
