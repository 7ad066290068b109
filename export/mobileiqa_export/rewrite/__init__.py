"""Exact inference rewrites: the same score to float rounding, for less. One pass a file."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from ..student import StudentConfig
from .cost import Cost, cost
from .fold_batchnorm import fold_batchnorm
from .fold_gamma import fold_gamma
from .fold_map_mean import fold_map_mean
from .fold_query_key import fold_query_key
from .normalise_input import normalise_input
from .stream_backbone import stream_backbone
from .stream_lda import stream_lda

Pass = Callable[[nn.Module, StudentConfig], nn.Module]

PASSES: tuple[Pass, ...] = (
    fold_batchnorm,
    normalise_input,
    fold_query_key,
    fold_map_mean,
    fold_gamma,
    stream_lda,
    stream_backbone,
)


@dataclass(frozen=True)
class Step:
    """One line of the table that an export prints: the network after this pass."""

    name: str
    cost: Cost


def rewrite(
    student: nn.Module, config: StudentConfig, *, enabled: bool = True
) -> tuple[nn.Module, list[Step]]:
    """The network to export: uint8 RGB [B, H, W, 3] in, opinions out; and what the passes made of it.

    The student itself stays as it is. With ``enabled=False`` only the input changes: the network
    as trained, on pixels. A pass that finds nothing to rewrite has no step.
    """
    network = deepcopy(student).requires_grad_(False).eval()
    height, width = config.input_size
    shape, dtype = (1, 3, height, width), torch.float32
    steps = [Step("as trained", cost(network, shape, dtype))]
    for apply in PASSES if enabled else (normalise_input,):
        before = list(map(type, network.modules()))
        network = apply(network, config)
        if apply is normalise_input:
            shape, dtype = (1, height, width, 3), torch.uint8
        if list(map(type, network.modules())) != before:
            steps.append(Step(apply.__name__, cost(network, shape, dtype)))
    return network.eval(), steps


__all__ = ["PASSES", "Cost", "Step", "cost", "rewrite"]
