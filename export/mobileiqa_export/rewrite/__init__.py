"""Exact inference rewrites of students and teachers, one pass a file.

They keep the score to float rounding and lower its cost.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import nn

from ..blocks.config import NetworkConfig
from ..teacher import TeacherConfig
from .backbone_streaming import stream_backbone
from .batchnorm_folding import fold_batchnorm
from .costs import Cost, cost_of
from .gamma_folding import fold_gamma
from .lda_streaming import stream_lda
from .map_mean_folding import fold_map_mean
from .pipeline import AS_TRAINED, Pass, PassResult, Rewritten, Step, run_passes
from .pixel_input import normalise_input, takes_pixels
from .query_key_folding import fold_query_key
from .resize_blending import blend_resize
from .score_bounding import bound_score

ConfiguredPass = Callable[[nn.Module, NetworkConfig], PassResult]

PASSES: dict[str, ConfiguredPass] = {
    "fold_batchnorm": fold_batchnorm,
    "normalise_input": normalise_input,
    "fold_query_key": fold_query_key,
    "fold_map_mean": fold_map_mean,
    "fold_gamma": fold_gamma,
    "stream_lda": stream_lda,
    "stream_backbone": stream_backbone,
}
"""Of students, in the order they are applied."""

TEACHER_PASSES: dict[str, ConfiguredPass] = {
    "fold_batchnorm": fold_batchnorm,
    "normalise_input": normalise_input,
    "bound_score": bound_score,
    "fold_query_key": fold_query_key,
    "fold_map_mean": fold_map_mean,
    "fold_gamma": fold_gamma,
    "stream_lda": stream_lda,
    "blend_resize": blend_resize,
}
"""Of teachers, in the order they are applied."""

REQUIRED = frozenset({"normalise_input", "bound_score"})
"""Passes that every exported network needs where they apply.

They make its input pixels and its answers scores from 0 to 1.
"""

OPTIONAL = frozenset({*PASSES, *TEACHER_PASSES}) - REQUIRED


def rewrite(network: nn.Module, config: NetworkConfig, without: frozenset[str] = frozenset()) -> Rewritten:
    """Returns a rewritten copy: uint8 RGB [B, H, W, 3] -> opinions [B, views] or scores [B], in 0..1.

    Args:
        network: a student or a teacher as it was built, which takes normalised photos.
        config: its sizes.
        without: names of passes to leave out; :data:`OPTIONAL` leaves out all that can be.

    Raises:
        ValueError: ``without`` names a pass that does not exist or is required.
    """
    passes = TEACHER_PASSES if isinstance(config, TeacherConfig) else PASSES
    if unknown := without - OPTIONAL - REQUIRED:
        raise ValueError(f"there is no pass {min(unknown)}; the passes are {', '.join(passes)}")

    def bound(name: str, apply: ConfiguredPass) -> Pass:
        return Pass(name, lambda network: apply(network, config), name in REQUIRED)

    def cost(network: nn.Module) -> Cost:
        return cost_of(network, _example(network, config))

    copied = deepcopy(network).requires_grad_(False).eval()
    return run_passes(copied, [bound(*item) for item in passes.items()], cost, without)


def _example(network: nn.Module, config: NetworkConfig) -> torch.Tensor:
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
    "TEACHER_PASSES",
    "Cost",
    "Pass",
    "PassResult",
    "Rewritten",
    "Step",
    "cost_of",
    "rewrite",
    "run_passes",
]
