"""A Core ML artifact as a runtime of the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.errors import ArtifactInvalid, ContractMismatch
from mobileiqa_sdk.runtimes.runtime import Runtime, check_opinions

from .coreml_tools import load
from .package import Package
from .program import Program

_RGB = load("coremltools.proto.FeatureTypes_pb2").ImageFeatureType.RGB


class CoreMLProgram(Runtime):
    """A ``.mlpackage`` that runs on any machine: slowly, and to the number that its operations define.

    Half precision is rounded wherever the program stores it; within an operation sums are float32.
    A device may round within an operation too, so that its scores differ in the third digit or so.

    Args:
        path: of the package.
        threads: for the whole process, as torch counts them.

    Raises:
        ArtifactInvalid: no Core ML package, a damaged one, or one without a contract.
        ContractMismatch: another input or output than the contract promises.
        ContractUnsupported: see :class:`mobileiqa_sdk.contract.ModelContract`.
        OperatorUnknown: an operation that is none of those in :data:`.registry.OPS`.
    """

    def __init__(self, path: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        package = Package(path)
        description = package.model.description
        text = description.metadata.userDefined.get(METADATA_KEY)
        if text is None:
            raise ArtifactInvalid(
                f"{path}: a Core ML model, but without a MobileIQA contract; make it with `mobileiqa export`"
            )
        self.contract = ModelContract.from_json(text, str(path))
        self._path = path
        self._check_interface(description)
        self.program = Program(package)
        self._check_program()

    def _check_interface(self, description: Any) -> None:
        spec = self.contract.input
        images = [feature.type.imageType for feature in description.input]
        found = [(image.height, image.width, image.colorSpace) for image in images]
        if found != [(spec.height, spec.width, _RGB)]:
            raise ContractMismatch(
                f"{self._path}: its contract promises one RGB image of {spec.height} x {spec.width}, "
                f"the model has {found}"
            )

    def _check_program(self) -> None:
        spec = self.contract.input
        shapes = [value.shape for value in self.program.inputs]
        if shapes != [(1, 3, spec.height, spec.width)] or len(self.program.outputs) != 1:
            raise ContractMismatch(
                f"{self._path}: one image and one output are wanted, the program takes {shapes} and "
                f"gives {', '.join(self.program.outputs) or 'nothing'}"
            )

    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """See :class:`mobileiqa_sdk.runtimes.runtime.Runtime`."""
        image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None].float()
        values = self.program.run({self.program.inputs[0].name: image})[self.program.outputs[0]]
        if not isinstance(values, Tensor):
            raise ContractMismatch(f"{self._path}: opinions are wanted, the model gave something else")
        return check_opinions(values.numpy(), self.contract, self._path)


Session = CoreMLProgram
"""The name under which the SDK looks a runtime up."""
