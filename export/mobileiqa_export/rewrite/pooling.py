"""Adaptive average pooling as a matrix product."""

from __future__ import annotations

import torch
from torch import Tensor


def bins(length: int, count: int) -> list[tuple[int, int]]:
    """Returns [start, end) of each bin of adaptive pooling: floor and ceil of i * length / count.

    Bins overlap where ``count`` does not divide ``length``.
    """
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def pooling_matrix(length: int, count: int) -> Tensor:
    """Returns adaptive average pooling of one axis as a float64 matrix [length, count] of bin means."""
    matrix = torch.zeros(length, count, dtype=torch.float64)
    for column, (start, end) in enumerate(bins(length, count)):
        matrix[start:end, column] = 1 / (end - start)
    return matrix
