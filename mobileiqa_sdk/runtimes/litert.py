"""TFLite artifacts by LiteRT, or by tflite-runtime where that is what the machine has, on the CPU."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._text import first_line
from ..contract import ModelContract
from ..errors import ArtifactInvalid, ContractMismatch
from ..fit import fitted
from ..parallel import default_workers
from .runtime import Runtime, check_input_shape, output_positions
from .tflite_file import read_contract

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError as missing:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        raise missing from None


KEPT_SIZES = 4
"""Idle interpreters that are kept for photos of other sizes, beyond one for each that works."""


class Session(Runtime):
    """One artifact loaded in interpreters, with their default delegate, XNNPACK.

    An interpreter serves one call at a time and one input size. Where threads share a session, it opens
    another one for each call that comes while the others are busy, as long as the CPUs have room for its
    threads; calls beyond that wait. They map the same file; what each adds are its activations and packed
    weights. For a model that takes several sizes, the least recently used interpreters are dropped.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self.path, self._threads = path, threads
        self._stamp = _stamp(path)
        self.contract = ModelContract.from_json(read_contract(path), str(path))
        self._source = _source(path)
        self._most = default_workers(threads)
        self._room = threading.Semaphore(self._most)
        self._lock = threading.Lock()
        self._idle: list[tuple[tuple[int, int], Interpreter]] = []
        size = self._first_size()
        self._release(size, self._open(size))

    def _first_size(self) -> tuple[int, int]:
        spec = self.contract.input
        if spec.fit == "stretch":
            return spec.size
        return fitted(spec.multiple, spec.multiple, spec.settings[0], spec.multiple)

    def _open(self, size: tuple[int, int]) -> Interpreter:
        self._check_unchanged()
        try:
            interpreter = Interpreter(**self._source, num_threads=self._threads)
            inputs = interpreter.get_input_details()
            outputs = interpreter.get_output_details()
            names = _output_names(interpreter, outputs)
        except MemoryError:
            raise
        # What is wrong with a model arrives as ValueError, RuntimeError, UnicodeDecodeError, and more.
        except Exception as error:
            raise ArtifactInvalid(f"{self.path}: LiteRT cannot load it ({first_line(error)})") from error
        self._check_unchanged()  # nor while it was loaded
        positions = self._check_interface(inputs, outputs, names)
        self._input, self._outputs = inputs[0]["index"], [outputs[place]["index"] for place in positions]
        try:
            if self.contract.input.fit != "stretch":
                interpreter.resize_tensor_input(self._input, [1, *size, 3])
            interpreter.allocate_tensors()
        except MemoryError:
            raise
        except Exception as error:
            raise ArtifactInvalid(f"{self.path}: LiteRT cannot prepare it ({first_line(error)})") from error
        return interpreter

    def _check_unchanged(self) -> None:
        """Raises ArtifactInvalid if these are no longer the bytes whose digest was checked."""
        if _stamp(self.path) != self._stamp:
            raise ArtifactInvalid(f"{self.path}: changed since it was loaded; load it again")

    def _check_interface(
        self, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], names: list[str]
    ) -> list[int]:
        """Returns where each output of the contract is among the model's."""
        kinds = [_described(tensor)[0] for tensor in inputs]
        if kinds != ["uint8"]:
            raise ContractMismatch(
                f"{self.path}: its contract promises one input of uint8, the model has "
                f"{', '.join(kinds) or 'none'}"
            )
        check_input_shape(_described(inputs[0])[1], self.contract, self.path)
        positions = output_positions(names, self.contract, self.path)
        for name, tensor in zip(names, outputs, strict=True):
            if _described(tensor)[0] != "float32":
                raise ContractMismatch(
                    f"{self.path}: the output {name!r} is {_described(tensor)[0]}, not float32"
                )
        return positions

    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Returns the outputs, as :meth:`.runtime.Runtime.infer` specifies."""
        size = pixels.shape[0], pixels.shape[1]
        with self._room:
            interpreter = self._acquire(size) or self._open(size)
            try:
                interpreter.set_tensor(self._input, pixels[np.newaxis])
                interpreter.invoke()
                return [interpreter.get_tensor(index) for index in self._outputs]
            except MemoryError:
                raise
            except Exception as error:
                raise ContractMismatch(f"{self.path}: LiteRT cannot run it ({first_line(error)})") from error
            finally:
                self._release(size, interpreter)

    def _acquire(self, size: tuple[int, int]) -> Interpreter | None:
        """Takes the idle interpreter of this size that was used last."""
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == size:
                    return self._idle.pop(place)[1]
        return None

    def _release(self, size: tuple[int, int], interpreter: Interpreter) -> None:
        with self._lock:
            self._idle.append((size, interpreter))
            del self._idle[: -self._most - KEPT_SIZES]


def _output_names(interpreter: Any, outputs: list[dict[str, Any]]) -> list[str]:
    """Returns what the model calls its outputs: by its only signature if there is one, else by tensor."""
    names = {str(tensor["name"]): str(tensor["name"]) for tensor in outputs}
    signatures = interpreter.get_signature_list()
    if len(signatures) == 1 and len(outputs) > 1:
        (key,) = signatures
        runner = interpreter.get_signature_runner(key)
        names |= {str(tensor["name"]): name for name, tensor in runner.get_output_details().items()}
    return [names[str(tensor["name"])] for tensor in outputs]


def _described(tensor: dict[str, Any]) -> tuple[str, list[int]]:
    """Returns the element type and the sides, with -1 for a side that may change."""
    return np.dtype(tensor["dtype"]).name, [int(side) for side in tensor["shape_signature"]]


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    """Returns what differs once the file was replaced or written to; None if it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _source(path: Path) -> dict[str, Any]:
    """Returns the path, from which weights are mapped, or the bytes if its name is not valid text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return {"model_content": path.read_bytes()}
    return {"model_path": str(path)}
