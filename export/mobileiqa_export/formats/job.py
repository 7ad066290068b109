"""What a format gets to write one artifact, and what it reports of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.contract import ModelContract

from ..precisions import Precision

if TYPE_CHECKING:
    from torch import nn

MIN_INTEGERS = 32_768
"""Elements. Smaller weights stay float: in the smallest student a tenth of all, and the most sensitive."""


@dataclass(frozen=True)
class Job:
    """One artifact to write.

    Attributes:
        network: rewritten, in eval mode, float32: uint8 RGB pixels [1, H, W, 3] -> opinions, [n] or [1, n],
            or a tuple of outputs in the order of ``contract.outputs``.
        contract: embedded as it is; it states the precision too.
        precision: one that the format offers.
        folder: an existing, empty folder for the model file.
        calibration: resized photos, uint8 RGB [H, W, 3] each; read by precisions that need calibration.
        keep_float: dotted names of modules of ``network`` whose operators stay float, weights included.
        weight_only: dotted names of modules whose weights alone are quantized, to int8, where the
            precision would quantize more; in the precision fp16, modules that compute in float32 themselves,
            whatever modules inside them do, with weights in fp16.
    """

    network: nn.Module
    contract: ModelContract
    precision: Precision
    folder: Path
    calibration: Sequence[NDArray[np.uint8]] = ()
    keep_float: frozenset[str] = frozenset()
    weight_only: frozenset[str] = frozenset()

    @property
    def spared(self) -> frozenset[str]:
        """Modules that do not get the precision itself."""
        return self.keep_float | self.weight_only


@dataclass(frozen=True)
class LayerCount:
    """What became of the layers in a model file.

    A layer is an operation that multiplies with constant weights: a convolution or a matrix product.

    Attributes:
        total: all layers.
        integer_weights: those whose weights are stored as integers.
        integer_arithmetic: those that compute on integers, activations included.
        four_bits: those whose weights are stored in 4 bits.
    """

    total: int
    integer_weights: int
    integer_arithmetic: int
    four_bits: int = 0

    def achieving(self, precision: Precision) -> int:
        """Returns how many layers have what a precision promises; for a float precision, all of them.

        If none of them does, the file must not bear an integer precision's name.
        """
        if not precision.is_integer:
            return self.total
        if precision.activations != "float":
            return self.integer_arithmetic
        return self.four_bits if precision.weights == "int4" else self.integer_weights


def is_inside(module: str, names: Iterable[str]) -> bool:
    """Returns whether a dotted module is one of these or inside one; the empty name is the whole network."""
    return any(not name or module == name or module.startswith(f"{name}.") for name in names)
