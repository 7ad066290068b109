"""What a network is traced with: an example of its input, and which of its sides are free."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.export import Dim

from mobileiqa_sdk.contract import MAX_SIDE, InputSpec
from mobileiqa_sdk.golden import HEIGHT, WIDTH

SMALLEST = 65
"""Pixels. A side of 64 makes maps of one row, which torch.export takes for fixed; files take smaller ones."""


def example_size(spec: InputSpec) -> tuple[int, int]:
    """Returns (height, width) of the golden image as the network takes it, with the default setting."""
    return spec.size_for(HEIGHT, WIDTH)


def example_pixels(spec: InputSpec) -> Tensor:
    """Returns black pixels, uint8 [1, H, W, 3], of that size."""
    return torch.zeros((1, *example_size(spec), 3), dtype=torch.uint8)


def free_sides(spec: InputSpec, rows: int = 1, columns: int = 2) -> Any:
    """Returns ``dynamic_shapes`` for :func:`torch.export.export`; None for an input of one size.

    Args:
        spec: the input.
        rows: the axis of the only argument that is the height.
        columns: the axis that is the width.
    """
    if spec.fit == "stretch":
        return None
    return ({axis: Dim(name, min=SMALLEST, max=MAX_SIDE) for axis, name in ((rows, "h"), (columns, "w"))},)
