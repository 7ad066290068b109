"""Core ML packages by coremltools, on a Mac."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._text import first_line
from ..contract import METADATA_KEY, ModelContract
from ..errors import ArtifactInvalid, ContractMismatch, RuntimeUnavailable
from .runtime import Runtime, check_opinions


class Session(Runtime):
    """One package, compiled and loaded by Core ML.

    Core ML decides itself on how many threads, and whether on the CPU, the GPU or the Neural Engine. Its
    models serve one call at a time, so threads that share a session wait for each other.

    Raises:
        RuntimeUnavailable: this is no Mac, or coremltools is not installed.
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
        self._path = path
        self._lock = threading.Lock()
        self._model = self._load()
        description = self._model.get_spec().description
        text = dict(description.metadata.userDefined).get(METADATA_KEY)
        if text is None:
            raise ArtifactInvalid(
                f"{path}: a Core ML model, but without a MobileIQA contract; make it with `mobileiqa export`"
            )
        self.contract = ModelContract.from_json(text, str(path))
        self._input, self._output = self._check_interface(description)

    def _load(self) -> Any:
        try:
            # Here, and by name: it is large, has no types, and logs where it is no use.
            models = import_module("coremltools.models")
        except ImportError as error:
            raise RuntimeUnavailable(
                f"{self._path}: needs coremltools, which cannot be imported ({error}); "
                "pip install coremltools"
            ) from error
        try:
            return models.MLModel(str(self._path))
        # Core ML's own errors arrive as RuntimeError, those of protobuf and of files as they are.
        except Exception as error:
            raise ArtifactInvalid(f"{self._path}: Core ML cannot load it ({first_line(error)})") from error

    def _check_interface(self, description: Any) -> tuple[str, str]:
        spec = self.contract.input
        sizes = [(i.type.imageType.height, i.type.imageType.width) for i in description.input]
        if sizes != [(spec.height, spec.width)] or len(description.output) != 1:
            raise ContractMismatch(
                f"{self._path}: its contract promises one image of {spec.height} x {spec.width} and one "
                f"output, the model has {sizes} and {len(description.output)} outputs"
            )
        return str(description.input[0].name), str(description.output[0].name)

    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """See :class:`.runtime.Runtime`."""
        try:
            with self._lock:
                found = self._model.predict({self._input: Image.fromarray(pixels)})[self._output]
        except Exception as error:
            raise ContractMismatch(f"{self._path}: Core ML cannot run it ({first_line(error)})") from error
        return check_opinions(np.asarray(found), self.contract, self._path)
