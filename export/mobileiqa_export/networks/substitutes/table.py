"""Which function of torch has which substitute."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..._vendor import ADAPTIVE_AVG_POOL2D, ADAPTIVE_AVG_POOL3D
from . import (
    broadcasting,
    convolutions,
    normalisation,
    padding,
    pooling,
    reductions,
    resizing,
    roots,
    spreads,
    vectors,
    windows,
)
from .context import Substitute

SUBSTITUTES: dict[Any, Substitute] = {
    F.adaptive_avg_pool2d: pooling.adaptive_average,
    ADAPTIVE_AVG_POOL2D.load(): pooling.adaptive_average,
    F.adaptive_avg_pool3d: pooling.adaptive_average_3d,
    ADAPTIVE_AVG_POOL3D.load(): pooling.adaptive_average_3d,
    F.adaptive_max_pool1d: pooling.adaptive_largest_1d,
    F.adaptive_max_pool2d: pooling.adaptive_largest,
    F.adaptive_max_pool3d: pooling.adaptive_largest_3d,
    F.avg_pool2d: pooling.average_by_divisor,
    F.max_pool2d: pooling.largest,
    Tensor.amax: reductions.largest_of_all,
    torch.amax: reductions.largest_of_all,
    Tensor.amin: reductions.smallest_of_all,
    torch.amin: reductions.smallest_of_all,
    torch.linalg.matrix_norm: reductions.matrix_norm,
    Tensor.logsumexp: reductions.log_of_sum,
    torch.logsumexp: reductions.log_of_sum,
    torch.special.logsumexp: reductions.log_of_sum,
    F.cosine_similarity: vectors.cosine_similarity,
    F.normalize: vectors.normalized,
    F.interpolate: resizing.resized,
    F.pad: padding.circular,
    F.instance_norm: normalisation.tracked_instance_norm,
    Tensor.rsqrt: roots.reciprocal_root,
    torch.rsqrt: roots.reciprocal_root,
    Tensor.unfold: windows.unfold,
    F.conv2d: convolutions.computed_convolution,
}

for _name in ("add", "sub", "mul", "div", "true_divide", "maximum", "minimum"):
    SUBSTITUTES[getattr(Tensor, _name)] = SUBSTITUTES[getattr(torch, _name)] = broadcasting.elementwise(
        getattr(torch, _name)
    )

for _name in ("std", "var"):
    _function = getattr(torch, _name)
    SUBSTITUTES[_function] = SUBSTITUTES[getattr(Tensor, _name)] = spreads.over_all(_function)
    SUBSTITUTES[getattr(torch, f"{_name}_mean")] = spreads.with_mean(_function)

NAMES = frozenset(function.__name__ for function in SUBSTITUTES)
"""Names of all functions that have a substitute."""
