"""Padding of convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

Pads = list[tuple[int, int]]
"""Elements before and after, one pair an axis."""


def pads(
    pad_type: str,
    custom: Sequence[int] | None,
    sides: Sequence[int],
    spans: Sequence[int],
    strides: Sequence[int],
) -> Pads:
    """Padding that a MIL ``pad_type`` stands for.

    ``same`` gives ceil(side / stride) results, as TensorFlow's SAME: an odd element goes behind, with
    ``same_lower`` before.

    Args:
        pad_type: ``valid``, ``custom``, ``same`` or ``same_lower``.
        custom: before and after, axis by axis.
        sides: of the input.
        spans: elements from the first to the last that a kernel sees.
        strides: of the kernel.

    Raises:
        ValueError: no such type, or a custom padding of another length.
    """
    if pad_type == "valid":
        return [(0, 0)] * len(sides)
    if pad_type == "custom":
        if custom is None or len(custom) != 2 * len(sides):
            raise ValueError(f"pads {custom} for {len(sides)} axes")
        return [(custom[2 * i], custom[2 * i + 1]) for i in range(len(sides))]
    if pad_type not in ("same", "same_lower"):
        raise ValueError(f"there is no padding {pad_type!r}")
    totals = [
        max(0, (-(-side // stride) - 1) * stride + span - side)
        for side, span, stride in zip(sides, spans, strides, strict=True)
    ]
    if pad_type == "same":
        return [(total // 2, total - total // 2) for total in totals]
    return [(total - total // 2, total // 2) for total in totals]


def padded(x: Tensor, around: Pads, value: float = 0.0) -> Tensor:
    """The last axes of x, with ``value`` around them."""
    flat = [amount for pair in reversed(around) for amount in pair]
    return F.pad(x, flat, value=value) if any(flat) else x
