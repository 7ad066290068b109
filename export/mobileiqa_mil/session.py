"""A Core ML package as a runtime of the SDK."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.errors import ArtifactInvalid, ContractMismatch
from mobileiqa_sdk.runtimes.coreml_image import image_size_problem
from mobileiqa_sdk.runtimes.runtime import Runtime, output_positions

from .coreml_tools import load
from .package import Package
from .program import Program
from .threads import torch_threads
from .values import FREE

_RGB = load("coremltools.proto.FeatureTypes_pb2").ImageFeatureType.RGB


class CoreMLProgram(Runtime):
    """A ``.mlpackage`` that runs on any machine: slowly, with the numbers that its operations define.

    Half precision is rounded wherever the program stores it; within an operation sums are float32. A device
    may round within an operation too, so its scores may differ in the third digit.

    Args:
        path: of the package.
        threads: CPU threads for torch, while the program is opened or runs; afterwards torch has its former
            number again.

    Raises:
        ArtifactInvalid: not a Core ML package, a damaged one, or one without a contract.
        ContractMismatch: another input or output than the contract promises.
        ContractUnsupported: see :class:`mobileiqa_sdk.contract.ModelContract`.
        OperatorUnknown: an operation that is not in :data:`.registry.OPERATORS`, or a mode of one.
    """

    def __init__(self, path: Path, threads: int) -> None:
        package = Package(path)
        description = package.model.description
        text = description.metadata.userDefined.get(METADATA_KEY)
        if text is None:
            raise ArtifactInvalid(
                f"{path}: a Core ML model, but without a MobileIQA contract; make it with `mobileiqa export`"
            )
        self.contract = ModelContract.from_json(text, str(path))
        self.path, self._threads = path, threads
        self._check_interface(description)
        with torch_threads(threads):
            self.program = Program(package)
        self._check_program()
        positions = output_positions(self.program.outputs, self.contract, path)
        self._outputs = [self.program.outputs[position] for position in positions]

    def _check_interface(self, description: Any) -> None:
        spec = self.contract.input
        images = [feature.type.imageType for feature in description.input]
        if [image.colorSpace for image in images] != [_RGB]:
            raise ContractMismatch(
                f"{self.path}: its contract promises one RGB image, the model declares {len(images)} inputs "
                "or another one"
            )
        if problem := image_size_problem(images[0], spec):
            raise ContractMismatch(f"{self.path}: {problem}")

    def _check_program(self) -> None:
        spec = self.contract.input
        shapes = [value.shape for value in self.program.inputs]
        size = spec.size if spec.fit == "stretch" else (FREE, FREE)
        if shapes != [(1, 3, *size)]:
            raise ContractMismatch(f"{self.path}: expected a program with one image; this one takes {shapes}")

    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Returns the outputs, as :meth:`mobileiqa_sdk.runtimes.runtime.Runtime.infer` specifies."""
        image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None].float()
        with torch_threads(self._threads):
            answers = self.program.run({self.program.inputs[0].name: image})
        values = [answers[name] for name in self._outputs]
        tensors = [value for value in values if isinstance(value, Tensor)]
        if len(tensors) != len(values):
            raise ContractMismatch(f"{self.path}: the model returned something that is not a tensor")
        return [tensor.numpy() for tensor in tensors]


Session = CoreMLProgram
"""The name under which the SDK looks a runtime up."""
