"""What every runtime offers: a loaded artifact that has opinions about photos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import ModelContract
from ..errors import ContractMismatch, OpinionsInvalid


class Runtime(ABC):
    """A loaded artifact. May be used from several threads at once."""

    contract: ModelContract

    @abstractmethod
    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """Resized photo, uint8 RGB [height, width, 3] -> opinions in [0, 1], as many as promised.

        Implementations pass the model's raw output through :func:`check_opinions`.

        Raises:
            OpinionsInvalid: the model answered NaN, infinity or a value out of range.
            ContractMismatch: it answered in another shape, or failed.
        """

    def run(self, pixels: NDArray[np.uint8]) -> float:
        """Resized photo, uint8 RGB [height, width, 3] -> score in [0, 1]. Raises as :meth:`opinions` does."""
        return mean(self.opinions(pixels))


def mean(opinions: tuple[float, ...]) -> float:
    """The score that opinions make: their sum in double precision, divided by their number."""
    return fsum(opinions) / len(opinions)


def check_opinions(values: NDArray[Any], contract: ModelContract, path: Path) -> tuple[float, ...]:
    """A model's raw output as opinions, once it is what the contract promises.

    Raises:
        OpinionsInvalid: a value is not finite or out of the contract's range.
        ContractMismatch: the output has another size.
    """
    promised = contract.opinions
    if values.size != promised.size:
        raise ContractMismatch(
            f"{path}: its contract promises {promised.size} values, the output has shape {values.shape}"
        )
    opinions = tuple(map(float, values.reshape(-1)))
    for opinion in opinions:
        if not promised.minimum <= opinion <= promised.maximum:
            raise OpinionsInvalid(
                f"{path}: the model answered {opinion}, its contract promises {promised.minimum:g} to "
                f"{promised.maximum:g}"
            )
    return opinions
