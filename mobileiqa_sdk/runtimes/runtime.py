"""What every runtime offers: a loaded artifact that has opinions about photos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import ModelContract
from ..errors import ContractMismatch


class Runtime(ABC):
    """A loaded artifact. May be used from several threads at once."""

    contract: ModelContract

    @abstractmethod
    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """Resized photo, uint8 RGB [height, width, 3] -> as many raw opinions as the contract promises.

        Raises ContractMismatch.
        """

    def run(self, pixels: NDArray[np.uint8]) -> float:
        """Resized photo, uint8 RGB [height, width, 3] -> raw score. Raises ContractMismatch."""
        return mean(self.opinions(pixels))


def mean(opinions: tuple[float, ...]) -> float:
    """The score that opinions make: their sum in double precision, divided by their number."""
    return fsum(opinions) / len(opinions)


def as_opinions(values: NDArray[Any], contract: ModelContract, path: Path) -> tuple[float, ...]:
    """A model's answer, once it has the size that the contract promises. Raises ContractMismatch."""
    wanted = contract.output.opinions
    if values.size != wanted:
        raise ContractMismatch(
            f"{path}: its contract promises an output of size {wanted}, the model gave shape {values.shape}"
        )
    return tuple(map(float, values.reshape(-1)))


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
