"""Padding of convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from .registry import Unsupported

Pads = list[tuple[int, int]]
"""Elements added before and after the input, one pair for each axis."""


def pads(
    pad_type: str,
    custom: Sequence[int] | None,
    sides: Sequence[int],
    spans: Sequence[int],
    strides: Sequence[int],
) -> Pads:
    """Returns the padding that a MIL ``pad_type`` stands for.

    ``same`` and ``same_lower`` yield ceil(side / stride) results, as TensorFlow's SAME does; an odd element
    is added after the input by ``same`` and before it by ``same_lower``.

    Args:
        pad_type: ``valid``, ``custom``, ``same`` or ``same_lower``.
        custom: elements before and after the input, axis by axis.
        sides: of the input, without batch and channels.
        spans: elements from the first to the last that the kernel covers, by axis.
        strides: of the kernel, by axis.

    Raises:
        Unsupported: another ``pad_type``.
        ValueError: a custom padding of the wrong length.
    """
    if pad_type == "valid":
        return [(0, 0)] * len(sides)
    if pad_type == "custom":
        if custom is None or len(custom) != 2 * len(sides):
            raise ValueError(f"pad is {custom}, expected two numbers for each of {len(sides)} axes")
        return [(custom[2 * i], custom[2 * i + 1]) for i in range(len(sides))]
    if pad_type not in ("same", "same_lower"):
        raise Unsupported(f"pad_type {pad_type!r}")
    totals = [
        max(0, (-(-side // stride) - 1) * stride + span - side)
        for side, span, stride in zip(sides, spans, strides, strict=True)
    ]
    if pad_type == "same":
        return [(total // 2, total - total // 2) for total in totals]
    return [(total - total // 2, total // 2) for total in totals]


def padded(x: Tensor, around: Pads, value: float = 0.0) -> Tensor:
    """Returns x with ``value`` around its last axes."""
    flat = [amount for pair in reversed(around) for amount in pair]
    return F.pad(x, flat, value=value) if any(flat) else x
