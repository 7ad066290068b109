"""Windows along an axis."""

from __future__ import annotations

import torch
from torch import Tensor

from .context import Context


def unfold(context: Context, input: Tensor, dimension: int, size: int, step: int) -> Tensor | None:
    """Computes ``Tensor.unfold``: windows along one axis become a new last axis."""
    axis = dimension % input.dim()
    count = (input.shape[axis] - size) // step + 1
    if step == size:
        whole = input.narrow(axis, 0, count * size)
        windows = whole.reshape(*input.shape[:axis], count, size, *input.shape[axis + 1 :])
    else:
        windows = torch.stack([input.narrow(axis, step * i, size) for i in range(count)], axis)
    return windows.movedim(axis + 1, -1)
