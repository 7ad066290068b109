"""Padding by the values at the other end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .context import Context


def circular(
    context: Context, input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor | None:
    """Pads circularly, which Core ML cannot do: joins slices of the other end to the tensor, axis by axis.

    ``pad`` begins with the last axis, as in :func:`torch.nn.functional.pad`.
    """
    if mode != "circular" or min(pad) < 0:
        return None
    for index in range(len(pad) // 2):
        axis, before, after = -1 - index, pad[2 * index], pad[2 * index + 1]
        length = input.shape[axis]
        parts = [input.narrow(axis, length - before, before), input, input.narrow(axis, 0, after)]
        input = torch.cat([part for part in parts if part.shape[axis]], axis)
    return input
