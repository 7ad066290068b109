"""What every runtime offers: a loaded artifact that answers for one resized photo at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import ModelContract, OutputSpec
from ..errors import ContractMismatch, OpinionsInvalid


@dataclass(frozen=True)
class Prediction:
    """Everything a model answers for one photo.

    Attributes:
        score: mean of the opinions, in [0, 1]: their sum in double precision, divided by their number.
        opinions: one or more, each in [0, 1].
        faults: severity in [0, 1] by the name of the fault; empty for a model without that output.
        photo: how much this is a photograph at all, in [0, 1]; None for a model without that output.
    """

    score: float
    opinions: tuple[float, ...]
    faults: Mapping[str, float] = field(default_factory=dict, hash=False)
    photo: float | None = None

    @property
    def values(self) -> dict[str, float]:
        """Every answer by name: ``score``, ``faults.NAME`` for each fault, and ``photo`` if there is one."""
        values = {"score": self.score}
        values |= {f"faults.{name}": severity for name, severity in self.faults.items()}
        return values if self.photo is None else {**values, "photo": self.photo}


class Runtime(ABC):
    """A loaded artifact. May be used from several threads at once.

    A subclass sets ``path`` and ``contract`` when it has loaded the artifact, and implements :meth:`infer`.
    """

    path: Path
    contract: ModelContract

    @abstractmethod
    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Returns the model's outputs as they are, in the order of ``contract.outputs``.

        Args:
            pixels: resized photo, uint8 RGB [height, width, 3].

        Raises:
            ContractMismatch: the model failed.
        """

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Returns what the model answers for a resized photo, uint8 RGB [height, width, 3].

        Raises:
            OpinionsInvalid: the model answered NaN, infinity or a value out of range.
            ContractMismatch: it answered in another shape, or failed.
        """
        return checked(self.infer(pixels), self.contract, self.path)

    def run(self, pixels: NDArray[np.uint8]) -> float:
        """Returns the score of a resized photo; raises as :meth:`predict` does."""
        return self.predict(pixels).score


def checked(outputs: Sequence[NDArray[Any]], contract: ModelContract, path: Path) -> Prediction:
    """Returns a model's outputs as a prediction once they are what the contract promises.

    Args:
        outputs: in the order of ``contract.outputs``.
        contract: of the model.
        path: of the artifact, for errors.

    Raises:
        OpinionsInvalid: a value is not finite or out of the contract's range.
        ContractMismatch: an output has another size.
    """
    values = {
        spec.meaning: _values(output, spec, path)
        for spec, output in zip(contract.outputs, outputs, strict=True)
    }
    opinions = values["opinions"]
    faults = dict(zip(contract.faults, values.get("faults", ()), strict=True))
    photo = values["photo"][0] if "photo" in values else None
    return Prediction(fsum(opinions) / len(opinions), opinions, faults, photo)


def _values(output: NDArray[Any], spec: OutputSpec, path: Path) -> tuple[float, ...]:
    if output.size != spec.size:
        raise ContractMismatch(
            f"{path}: its contract promises {spec.size} values of {spec.meaning}, "
            f"the output has shape {output.shape}"
        )
    values = tuple(map(float, output.reshape(-1)))
    for value in values:
        if not spec.minimum <= value <= spec.maximum:  # NaN is not either
            raise OpinionsInvalid(
                f"{path}: the model answered {value} for {spec.meaning}, its contract promises "
                f"{spec.minimum:g} to {spec.maximum:g}"
            )
    return values


def output_positions(names: Sequence[str], contract: ModelContract, path: Path) -> list[int]:
    """Returns where each output of the contract is among the model's outputs.

    A single output is the promised one whatever it is called, since converters choose names of their own.

    Raises:
        ContractMismatch: another number of outputs, or other names.
    """
    promised = [spec.name for spec in contract.outputs]
    if len(names) == len(promised) == 1:
        return [0]
    if sorted(names) != sorted(promised):
        raise ContractMismatch(
            f"{path}: its contract promises the outputs {', '.join(promised)}, "
            f"the model has {', '.join(names) or 'none'}"
        )
    return [list(names).index(name) for name in promised]


def check_input_shape(shape: Sequence[object], contract: ModelContract, path: Path) -> None:
    """Checks the shape of a model's input, [1, height, width, 3]; a free side is not a positive integer.

    Raises:
        ContractMismatch: the contract promises another shape, or that any size is taken and it is not.
    """
    spec = contract.input
    sides = [side if isinstance(side, int) and side > 0 else None for side in shape]
    height, width = (spec.height, spec.width) if spec.fit == "stretch" else (None, None)
    promised = [1, height, width, 3]
    if sides != promised:
        raise ContractMismatch(
            f"{path}: its contract promises pixels of shape {_named(promised)}, "
            f"the model takes {_named(sides)}"
        )


def _named(sides: Sequence[int | None]) -> str:
    return " x ".join("any" if side is None else str(side) for side in sides)
