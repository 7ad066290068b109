"""A network as trained that takes pixels, for conversions that are compared with ours."""

from __future__ import annotations

from torch import Tensor, nn

from ..blocks.statistics import normalise
from ..checkpoint import LoadedStudent, LoadedTeacher
from ..reference import opinions_in, with_bounds


class FromPixels(nn.Module):
    """A student or a teacher with normalisation in front: float32 [N, 3, H, W] in 0..255 -> opinions.

    Attributes:
        size: (height, width) in pixels that it was trained on.
    """

    def __init__(self, loaded: LoadedStudent | LoadedTeacher) -> None:
        super().__init__()
        self.size = loaded.config.input_size
        self.statistics = loaded.config.statistics
        self.network = with_bounds(loaded.network, loaded.config)

    def forward(self, pixels: Tensor) -> Tensor:
        return opinions_in(self.network(normalise(pixels, self.statistics)))
