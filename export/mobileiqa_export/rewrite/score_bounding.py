"""Turns the teacher's answer into the score that a contract promises."""

from __future__ import annotations

from torch import nn

from ..blocks.config import NetworkConfig
from ..teacher import TeacherConfig
from ..teacher.bounded import Bounded
from .pipeline import PassResult


def bound_score(network: nn.Module, config: NetworkConfig) -> PassResult:
    """Bounds the score to 0..1 inside the network: nothing in a teacher bounds its answer."""
    if not isinstance(config, TeacherConfig):
        return PassResult.of(network, 0, "answer without bounds")
    layers = network.get_submodule("fc_score")
    layers.add_module("bounded", Bounded(config.worst, config.best))
    return PassResult(network, changed=True)
