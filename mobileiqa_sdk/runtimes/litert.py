"""TFLite artifacts by LiteRT, or by tflite-runtime where that is what the machine has, on the CPU."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._text import first_line
from ..contract import ModelContract
from ..errors import ArtifactInvalid, ContractMismatch
from ..parallel import default_workers
from .runtime import Runtime, check_opinions
from .tflite_file import read_contract

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError as missing:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        raise missing from None


class Session(Runtime):
    """One artifact loaded in interpreters, with their default delegate, XNNPACK.

    An interpreter serves one call at a time. Where threads share a session, it opens another one for
    each call that comes while the others are busy, as long as the CPUs have room for its threads; calls
    beyond that wait. They map the same file; what each adds are its activations and packed weights.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._path, self._threads = path, threads
        self._stamp = _stamp(path)
        self.contract = ModelContract.from_json(read_contract(path), str(path))
        self._source = _source(path)
        self._room = threading.Semaphore(default_workers(threads))
        self._idle = [self._open()]

    def _open(self) -> Interpreter:
        # Its digest was read before; an interpreter must never meet other bytes, nor a photo another model.
        if _stamp(self._path) != self._stamp:
            raise ArtifactInvalid(f"{self._path}: changed since it was loaded; load it again")
        try:
            interpreter = Interpreter(**self._source, num_threads=self._threads)
            inputs = interpreter.get_input_details()
            outputs = interpreter.get_output_details()
        # What is wrong with a model arrives as ValueError, RuntimeError, UnicodeDecodeError, and more.
        except Exception as error:
            raise ArtifactInvalid(f"{self._path}: LiteRT cannot load it ({first_line(error)})") from error
        self._check_interface(inputs, outputs)
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        try:
            interpreter.allocate_tensors()
        except Exception as error:
            raise ArtifactInvalid(f"{self._path}: LiteRT cannot prepare it ({first_line(error)})") from error
        return interpreter

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
        with self._room:
            try:
                interpreter = self._idle.pop()
            except IndexError:
                interpreter = self._open()
            try:
                interpreter.set_tensor(self._input, pixels[np.newaxis])
                interpreter.invoke()
                values = interpreter.get_tensor(self._output)
            except Exception as error:
                raise ContractMismatch(f"{self._path}: LiteRT cannot run it ({first_line(error)})") from error
            finally:
                self._idle.append(interpreter)
        return check_opinions(values, self.contract, self._path)


def _described(tensor: dict[str, Any]) -> tuple[str, list[int]]:
    """Type and sides, -1 for a side that may change."""
    return np.dtype(tensor["dtype"]).name, [int(side) for side in tensor["shape_signature"]]


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    """What differs when the file was replaced or written to; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _source(path: Path) -> dict[str, Any]:
    """The path, from which weights are mapped; the bytes where its name is no valid text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return {"model_content": path.read_bytes()}
    return {"model_path": str(path)}
