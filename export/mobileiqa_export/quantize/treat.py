"""A network made easier to quantize; in float it computes the same except for the corrected biases."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..precisions import Scheme
from .bias import Shift, bias_shifts, correct_biases
from .equalisation import equalise


class Treated:
    """A network after cross-layer equalisation, and the shifts of its biases under a scheme."""

    def __init__(self, network: nn.Module, scheme: Scheme, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self._network = deepcopy(network)
        self.pairs: int = equalise(self._network)
        self._shifts: list[Shift] = bias_shifts(self._network, scheme, pictures)

    def network(self, keep: frozenset[str], smallest: int = 0) -> nn.Module:
        """Returns the network with corrected biases, except in spared modules and layers with fewer weights
        than ``smallest``.
        """
        corrected = deepcopy(self._network)
        correct_biases(corrected, [shift for shift in self._shifts if shift.weights >= smallest], keep)
        return corrected
