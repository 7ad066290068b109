"""Adaptive average pooling as a matrix product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Bins = Sequence[tuple[int, int]]
"""[start, end) of each bin along an axis, in order; they may overlap, and none is empty."""


def bins(length: int, count: int) -> list[tuple[int, int]]:
    """Returns [start, end) of each bin of adaptive pooling: floor and ceil of i * length / count.

    Bins overlap where ``count`` does not divide ``length``.
    """
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def mean_matrix(chosen: Bins) -> Tensor:
    """Returns the means over bins of one axis as a float64 matrix [end of the last bin, bins]."""
    matrix = torch.zeros(chosen[-1][1], len(chosen), dtype=torch.float64)
    for column, (start, end) in enumerate(chosen):
        matrix[start:end, column] = 1 / (end - start)
    return matrix


def pooling_matrix(length: int, count: int) -> Tensor:
    """Returns adaptive average pooling of one axis as a float64 matrix [length, count] of bin means."""
    return mean_matrix(bins(length, count))
