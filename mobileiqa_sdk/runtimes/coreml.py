"""Core ML packages by coremltools, on a Mac."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._text import first_line
from ..contract import METADATA_KEY, ModelContract
from ..errors import ArtifactInvalid, ContractMismatch, RuntimeUnavailable
from .coreml_image import image_size_problem
from .runtime import Runtime, output_positions


class Session(Runtime):
    """One package, compiled and loaded by Core ML.

    Core ML itself chooses the number of threads, and the CPU, the GPU or the Neural Engine. Its models
    serve one call at a time, so threads that share a session wait for each other.

    Raises:
        RuntimeUnavailable: this is not a Mac, or coremltools is not installed.
        ArtifactInvalid: Core ML cannot load it, or it carries no contract.
        ContractMismatch: another input or output than the contract promises.
    """

    def __init__(self, path: Path, threads: int) -> None:
        platform = str(sys.platform)  # bare, a type checker elsewhere would take the rest for dead
        if platform != "darwin":
            raise RuntimeUnavailable(
                f"{path}: Core ML runs on a Mac only; `mobileiqa verify` executes it anywhere, slowly, with "
                'pip install "mobileiqa-sdk[export,coreml]"'
            )
        self.path = path
        self._lock = threading.Lock()
        self._model = self._load()
        description = self._model.get_spec().description
        text = dict(description.metadata.userDefined).get(METADATA_KEY)
        if text is None:
            raise ArtifactInvalid(
                f"{path}: a Core ML model, but without a MobileIQA contract; make it with `mobileiqa export`"
            )
        self.contract = ModelContract.from_json(text, str(path))
        self._input, self._outputs = self._check_interface(description)

    def _load(self) -> Any:
        try:
            # Here, and by name: it is large, has no types, and logs where it is no use.
            models = import_module("coremltools.models")
        except ImportError as error:
            raise RuntimeUnavailable(
                f"{self.path}: needs coremltools, which cannot be imported ({error}); pip install coremltools"
            ) from error
        try:
            return models.MLModel(str(self.path))
        except MemoryError:
            raise
        # Core ML's own errors arrive as RuntimeError, those of protobuf and of files as they are.
        except Exception as error:
            raise ArtifactInvalid(f"{self.path}: Core ML cannot load it ({first_line(error)})") from error

    def _check_interface(self, description: Any) -> tuple[str, list[str]]:
        """Returns the names of the input and, in the contract's order, of the outputs."""
        if len(description.input) != 1:
            raise ContractMismatch(
                f"{self.path}: its contract promises one image, the model has {len(description.input)} inputs"
            )
        problem = image_size_problem(description.input[0].type.imageType, self.contract.input)
        if problem:
            raise ContractMismatch(f"{self.path}: {problem}")
        names = [str(output.name) for output in description.output]
        positions = output_positions(names, self.contract, self.path)
        return str(description.input[0].name), [names[position] for position in positions]

    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Returns the outputs, as :meth:`.runtime.Runtime.infer` specifies."""
        try:
            with self._lock:
                values = self._model.predict({self._input: Image.fromarray(pixels)})
            return [np.asarray(values[name]) for name in self._outputs]
        except MemoryError:
            raise
        except Exception as error:
            raise ContractMismatch(f"{self.path}: Core ML cannot run it ({first_line(error)})") from error
