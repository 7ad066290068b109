"""Exact inference rewrites of students: the same score to float rounding at a lower cost. One pass a file."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import nn

from ..student import StudentConfig
from .backbone_streaming import stream_backbone
from .batchnorm_folding import fold_batchnorm
from .constant_padding import fix_padding
from .costs import Cost, cost_of
from .gamma_folding import fold_gamma
from .lda_streaming import stream_lda
from .map_mean_folding import fold_map_mean
from .pipeline import AS_TRAINED, Pass, PassResult, Rewritten, Step, run_passes
from .pixel_input import normalise_input, takes_pixels
from .query_key_folding import fold_query_key

StudentPass = Callable[[nn.Module, StudentConfig], PassResult]

PASSES: dict[str, StudentPass] = {
    "fold_batchnorm": fold_batchnorm,
    "normalise_input": normalise_input,
    "fold_query_key": fold_query_key,
    "fold_map_mean": fold_map_mean,
    "fold_gamma": fold_gamma,
    "stream_lda": stream_lda,
    "stream_backbone": stream_backbone,
    "fix_padding": fix_padding,
}
"""In the order they are applied."""

REQUIRED = frozenset({"normalise_input", "fix_padding"})
"""Passes that make the network's input pixels, which every exported network takes, and of any size."""

OPTIONAL = frozenset(PASSES) - REQUIRED


def rewrite(student: nn.Module, config: StudentConfig, without: frozenset[str] = frozenset()) -> Rewritten:
    """Returns a rewritten copy of a student: uint8 RGB [B, H, W, 3] -> opinions [B, views] or scores [B].

    Args:
        student: normalised photos in, as built by :func:`mobileiqa_export.student.build_student`.
        config: its sizes.
        without: names of :data:`PASSES` to leave out; :data:`OPTIONAL` leaves out all that can be.

    Raises:
        ValueError: ``without`` names a pass that does not exist or is required.
    """
    if unknown := without - PASSES.keys():
        raise ValueError(f"there is no pass {min(unknown)}; the passes are {', '.join(PASSES)}")

    def bound(name: str, apply: StudentPass) -> Pass:
        return Pass(name, lambda network: apply(network, config), name in REQUIRED)

    def cost(network: nn.Module) -> Cost:
        return cost_of(network, _example(network, config))

    network = deepcopy(student).requires_grad_(False).eval()
    return run_passes(network, [bound(*item) for item in PASSES.items()], cost, without)


def _example(network: nn.Module, config: StudentConfig) -> torch.Tensor:
    """Returns an input without data: pixels if the network takes pixels, else a normalised photo."""
    height, width = config.input_size
    if takes_pixels(network):
        return torch.empty(1, height, width, 3, dtype=torch.uint8, device="meta")
    dtype = next(network.parameters()).dtype
    return torch.empty(1, 3, height, width, dtype=dtype, device="meta")


__all__ = [
    "AS_TRAINED",
    "OPTIONAL",
    "PASSES",
    "REQUIRED",
    "Cost",
    "Pass",
    "PassResult",
    "Rewritten",
    "Step",
    "cost_of",
    "rewrite",
    "run_passes",
]
