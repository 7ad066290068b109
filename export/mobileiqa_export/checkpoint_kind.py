"""How the checkpoints of one network are told from those of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from .blocks.config import NetworkConfig

Network = TypeVar("Network", bound=nn.Module)
Sizes = TypeVar("Sizes", bound=NetworkConfig)


@dataclass(frozen=True)
class Kind(Generic[Network, Sizes]):
    """A network whose sizes are read from the shapes of its weights.

    Attributes:
        name: what it is called in messages, and the key of its sizes in metadata.
        anchors: keys that every network of this kind has; the first of them in a file shows the prefix.
        infer: sizes from shapes. Raises LookupError or ValueError if the tensors are not the network's.
        read: sizes from what metadata says. Raises ValueError.
        build: a network of these sizes with fresh weights, in eval mode. Raises ValueError.
        nearest: the sizes to compare with if the tensors do not show them.
        describe: the network of these sizes in a few words, for messages.
        fixed: names of the settings that the tensors fix.
    """

    name: str
    anchors: tuple[str, ...]
    infer: Callable[[Mapping[str, Tensor]], Sizes]
    read: Callable[[Mapping[str, Any]], Sizes]
    build: Callable[[Sizes], Network]
    nearest: Callable[[Mapping[str, Tensor]], Sizes]
    describe: Callable[[Sizes], str]
    fixed: Callable[[Sizes], Sequence[str]]
