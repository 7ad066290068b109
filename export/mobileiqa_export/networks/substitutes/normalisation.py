"""Instance normalisation by the statistics of training."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from .context import Context


def tracked_instance_norm(
    context: Context,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor | None:
    """Normalises a batch by the statistics of training, which Core ML's converter ignores."""
    if use_input_stats or running_mean is None:
        return None
    return F.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
