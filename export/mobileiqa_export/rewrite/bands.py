"""Convolutions on bands of rows."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from ..student.padding import SameConv2d, same_padding


class Rows(NamedTuple):
    """Rows [start, end) of a map."""

    start: int
    end: int

    def of(self, x: Tensor, *, held: Rows | None = None) -> Tensor:
        """Returns these rows of a map [B, C, H, W], or of the part of it that holds the rows ``held``."""
        first = held.start if held else 0
        return x[:, :, self.start - first : self.end - first]


def cut(rows: int, row_bytes: int, band_bytes: int) -> list[Rows]:
    """Returns bands of at most ``band_bytes``, but of at least one row."""
    size = max(1, band_bytes // row_bytes)
    return [Rows(start, min(start + size, rows)) for start in range(0, rows, size)]


class BandConv(nn.Module):
    """Computes convolution, norm and activation for some rows of the result, from the rows that they depend
    on.

    Zeros are added only where a band touches the edge of the map.
    """

    def __init__(self, conv: nn.Conv2d, norm: nn.Module, act: nn.Module, height: int) -> None:
        super().__init__()
        self.conv, self.norm, self.act = conv, norm, act
        self.height = height
        self.kernel, self.stride = int(conv.kernel_size[0]), int(conv.stride[0])
        self.same = isinstance(conv, SameConv2d)
        self.top = same_padding(height, self.kernel, self.stride)[0] if self.same else self.kernel // 2

    @property
    def out_height(self) -> int:
        """Rows of the whole result."""
        return -(-self.height // self.stride)

    def needs(self, want: Rows) -> Rows:
        """Returns the existing input rows that these output rows depend on."""
        first, last = self._reach(want)
        return Rows(max(first, 0), min(last, self.height))

    def forward(self, x: Tensor, want: Rows) -> Tensor:
        """Returns the output rows ``want``; ``x`` holds the rows that :meth:`needs` returns for them."""
        first, last = self._reach(want)
        above, below = max(-first, 0), max(last - self.height, 0)
        sides = same_padding(x.shape[3], self.kernel, self.stride) if self.same else (0, 0)
        if above or below or any(sides):
            x = F.pad(x, (*sides, above, below))
        padding = (0, 0 if self.same else self.kernel // 2)
        conv = self.conv
        y = F.conv2d(x, conv.weight, conv.bias, conv.stride, padding, groups=conv.groups)
        out: Tensor = self.act(self.norm(y))
        return out

    def _reach(self, want: Rows) -> tuple[int, int]:
        first = want.start * self.stride - self.top
        return first, first + (want.end - 1 - want.start) * self.stride + self.kernel
