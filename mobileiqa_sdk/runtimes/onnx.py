"""ONNX artifacts by onnxruntime, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._onnxruntime import onnxruntime
from .._text import first_line
from ..contract import METADATA_KEY, ModelContract, Precision
from ..errors import ArtifactInvalid, ContractMismatch
from .freed import give_back
from .onnx_file import read_metadata
from .runtime import Runtime, check_opinions


class Session(Runtime):
    """One artifact loaded in onnxruntime."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
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
        self._input = self._check_interface()
        give_back()

    def _check_interface(self) -> str:
        """The input's name, once inputs and outputs are what the contract promises."""
        try:
            inputs = [(i.type, list(i.shape)) for i in self._session.get_inputs()]
            outputs = [(o.type, list(o.shape)) for o in self._session.get_outputs()]
            names = [str(i.name) for i in self._session.get_inputs()]
        except Exception as error:  # names that are no text
            raise _cannot_load(self._path, error) from error
        spec = self.contract.input
        promised = [("tensor(uint8)", [1, spec.height, spec.width, 3])]
        if inputs != promised:
            raise ContractMismatch(
                f"{self._path}: its contract promises input {promised[0]}, the model has {_listed(inputs)}"
            )
        if [kind for kind, _ in outputs] != ["tensor(float)"]:
            raise ContractMismatch(
                f"{self._path}: one float output is wanted, the model has {_listed(outputs)}"
            )
        return names[0]

    def opinions(self, pixels: NDArray[np.uint8]) -> tuple[float, ...]:
        """See :class:`.runtime.Runtime`."""
        try:
            (values,) = self._session.run(None, {self._input: pixels[np.newaxis]})
        except Exception as error:
            raise ContractMismatch(
                f"{self._path}: onnxruntime cannot run it ({first_line(error)})"
            ) from error
        return check_opinions(values, self.contract, self._path)


def prepacks(precision: Precision) -> bool:
    """Whether weights are to be laid out anew when a file is loaded.

    Otherwise integer products do that again for every photo, and make floats of 4-bit weights each time: a
    third of the time of a static int8 artifact. Float weights gain nothing, and would be kept twice.
    """
    return precision.weights == "int4" or precision.activations != "float"


def session_options(threads: int, *, prepacking: bool) -> onnxruntime.SessionOptions:
    """How artifacts are run; for ``prepacking`` see `prepacks`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong arrives as an exception
    # Planned memory is laid out for all tensors at once, which costs the full student a hundred megabytes.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.disable_prepacking", "0" if prepacking else "1")
    return options


def _open(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    # onnxruntime would print to stdout before its fallback to another provider; there is none.
    only_cpu: dict[str, Any] = {"providers": ["CPUExecutionProvider"], "enable_fallback": 0}
    try:
        return onnxruntime.InferenceSession(_source(path), options, **only_cpu)
    # Damaged files make it raise a dozen classes of its own, UnicodeDecodeError, and more.
    except Exception as error:
        raise _cannot_load(path, error) from error


def _listed(tensors: list[tuple[str, list[Any]]]) -> str:
    return "; ".join(f"{kind} {shape}" for kind, shape in tensors)


def _cannot_load(path: Path, error: Exception) -> ArtifactInvalid:
    return ArtifactInvalid(f"{path}: onnxruntime cannot load it ({first_line(error)})")


def _source(path: Path) -> str | bytes:
    """The path; the bytes where its name is no valid text, which onnxruntime would not take."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.read_bytes()
    return str(path)
