"""TFLite artifacts by LiteRT, or by tflite-runtime where that is what the machine has, on the CPU."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import ModelContract
from ..errors import ArtifactInvalid, ContractMismatch
from .runtime import Runtime, as_opinions, first_line
from .tflite_file import read_contract

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError as missing:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        raise missing from None


class Session(Runtime):
    """One artifact loaded in an interpreter, with its default delegate, XNNPACK.

    An interpreter serves one call at a time. Threads that share a session wait for each other: an
    interpreter each would cost its activations and packed weights again, and gain nothing where one
    inference keeps all cores busy.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self.contract = ModelContract.from_json(read_contract(path), str(path))
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(**_source(path), num_threads=threads)
            inputs = self._interpreter.get_input_details()
            outputs = self._interpreter.get_output_details()
        # What is wrong with a model arrives as ValueError, RuntimeError, UnicodeDecodeError, and more.
        except Exception as error:
            raise ArtifactInvalid(f"{path}: LiteRT cannot load it ({first_line(error)})") from error
        self._check_interface(inputs, outputs)
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        try:
            self._interpreter.allocate_tensors()
        except Exception as error:
            raise ArtifactInvalid(f"{path}: LiteRT cannot prepare it ({first_line(error)})") from error

    def _check_interface(self, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        spec = self.contract.input
        promised = [("uint8", [1, spec.height, spec.width, 3])]
        if [_described(tensor) for tensor in inputs] != promised:
            found = "; ".join(f"{dtype} {shape}" for dtype, shape in map(_described, inputs))
            raise ContractMismatch(
                f"{self._path}: its contract promises input {promised[0]}, the model has {found}"
            )
        if [_described(tensor)[0] for tensor in outputs] != ["float32"]:
            found = "; ".join(f"{dtype} {shape}" for dtype, shape in map(_described, outputs))
            raise ContractMismatch(f"{self._path}: one float output is wanted, the model has {found}")

    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """See :class:`.runtime.Runtime`."""
        try:
            with self._lock:
                self._interpreter.set_tensor(self._input, pixels[np.newaxis])
                self._interpreter.invoke()
                values = self._interpreter.get_tensor(self._output)
        except Exception as error:
            raise ContractMismatch(f"{self._path}: LiteRT cannot run it ({first_line(error)})") from error
        return as_opinions(values, self.contract, self._path)


def _described(tensor: dict[str, Any]) -> tuple[str, list[int]]:
    """Type and sides, -1 for a side that may change."""
    return np.dtype(tensor["dtype"]).name, [int(side) for side in tensor["shape_signature"]]


def _source(path: Path) -> dict[str, Any]:
    """The path, from which weights are mapped; the bytes where its name is no valid text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return {"model_content": path.read_bytes()}
    return {"model_path": str(path)}
