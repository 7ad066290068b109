"""ONNX artifacts by onnxruntime, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._onnxruntime import onnxruntime
from .._text import first_line
from ..contract import METADATA_KEY, ModelContract, Precision
from ..errors import ArtifactInvalid, ContractMismatch
from .onnx_file import read_metadata
from .runtime import Runtime, check_input_shape, output_positions


class Session(Runtime):
    """One artifact loaded in onnxruntime."""

    def __init__(self, path: Path, threads: int) -> None:
        self.path = path
        text = read_metadata(path, METADATA_KEY)
        if text is None:
            _open(path, session_options(threads, prepacking=False))  # says what else may be wrong with it
            raise ArtifactInvalid(
                f"{path}: an ONNX model, but without an intact MobileIQA contract; "
                "make it with `mobileiqa export`"
            )
        self.contract = ModelContract.from_json(text, str(path))
        prepacking = prepacks(self.contract.precision)
        self._session = _open(path, session_options(threads, prepacking=prepacking))
        self._input, self._outputs = self._check_interface()

    def _check_interface(self) -> tuple[str, list[str]]:
        """Returns the names of the input and, in the contract's order, of the outputs."""
        try:
            inputs = [(i.type, list(i.shape), str(i.name)) for i in self._session.get_inputs()]
            outputs = [(o.type, str(o.name)) for o in self._session.get_outputs()]
        except MemoryError:
            raise
        except Exception as error:  # names that are not text
            raise _cannot_load(self.path, error) from error
        if [kind for kind, _, _ in inputs] != ["tensor(uint8)"]:
            raise ContractMismatch(
                f"{self.path}: its contract promises one input of uint8, the model has "
                f"{', '.join(kind for kind, _, _ in inputs) or 'none'}"
            )
        check_input_shape(inputs[0][1], self.contract, self.path)
        positions = output_positions([name for _, name in outputs], self.contract, self.path)
        for kind, name in outputs:
            if kind != "tensor(float)":
                raise ContractMismatch(f"{self.path}: the output {name!r} is {kind}, not tensor(float)")
        return inputs[0][2], [outputs[position][1] for position in positions]

    def infer(self, pixels: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
        """Returns the outputs, as :meth:`.runtime.Runtime.infer` specifies."""
        try:
            values: Sequence[NDArray[Any]] = self._session.run(
                self._outputs, {self._input: pixels[np.newaxis]}
            )
        except MemoryError:
            raise
        except Exception as error:
            raise ContractMismatch(f"{self.path}: onnxruntime cannot run it ({first_line(error)})") from error
        return values


def prepacks(precision: Precision) -> bool:
    """Returns whether weights are repacked once, when the file is loaded.

    Integer products would otherwise repack them for every photo, and expand 4-bit weights each time: a third
    of the time of a static int8 artifact. Float weights gain nothing and would be kept twice.
    """
    return precision.weights == "int4" or precision.activations != "float"


def session_options(threads: int, *, prepacking: bool) -> onnxruntime.SessionOptions:
    """Returns the options that every artifact is run with; see `prepacks` for ``prepacking``."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong arrives as an exception
    # A memory plan holds all tensors at once, which costs the full student a hundred megabytes.
    options.enable_mem_pattern = False
    # As the file has them: an export puts what reads a large map right behind it.
    options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
    options.add_session_config_entry("session.disable_prepacking", "0" if prepacking else "1")
    return options


def _open(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    # onnxruntime would print to stdout before its fallback to another provider; there is none.
    only_cpu: dict[str, Any] = {"providers": ["CPUExecutionProvider"], "enable_fallback": 0}
    try:
        return onnxruntime.InferenceSession(_source(path), options, **only_cpu)
    except MemoryError:
        raise
    # Damaged files make it raise a dozen classes of its own, UnicodeDecodeError, and more.
    except Exception as error:
        raise _cannot_load(path, error) from error


def _cannot_load(path: Path, error: Exception) -> ArtifactInvalid:
    return ArtifactInvalid(f"{path}: onnxruntime cannot load it ({first_line(error)})")


def _source(path: Path) -> str | bytes:
    """Returns the path, or the file's bytes if its name is not valid text, which onnxruntime refuses."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.read_bytes()
    return str(path)
