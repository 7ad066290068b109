"""What a format is given to write one artifact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mobileiqa_sdk.contract import ModelContract

MIN_INTEGERS = 32_768
"""Smaller tensors gain little as integers: a tenth of the smallest student, and its most sensitive."""


@dataclass(frozen=True)
class Job:
    """One artifact to write.

    Attributes:
        network: rewritten, in eval mode, float32: uint8 RGB pixels [1, H, W, 3] -> opinions, [n] or [1, n].
        contract: to embed as it is; it names the precision too.
        precision: one of :data:`mobileiqa_export.precisions.PRECISIONS` that the format offers.
        folder: exists and is empty; the model file goes there.
        calibration: resized photos, uint8 RGB [H, W, 3] each; only ``int8-static`` reads them.
        keep_float: dotted names of modules of ``network`` whose operators stay float, weights included.
        weight_only: of modules that are quantized as in ``int8-weights`` where the precision goes further.
    """

    network: nn.Module
    contract: ModelContract
    precision: str
    folder: Path
    calibration: Sequence[NDArray[np.uint8]] = ()
    keep_float: frozenset[str] = frozenset()
    weight_only: frozenset[str] = frozenset()

    @property
    def spared(self) -> frozenset[str]:
        """Modules that do not get the precision itself."""
        return self.keep_float | self.weight_only
