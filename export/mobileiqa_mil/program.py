"""A MIL program, operation by operation, on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_sdk.errors import ArtifactInvalid, ContractMismatch

from .errors import OperatorUnknown
from .operators import OPS
from .package import Package
from .registry import Op
from .step import Output, Step, Value, with_last_uses
from .values import ReadBlob, constant, tensor_type
from .weights import WeightFile

Observer = Callable[[str, Tensor], None]
Names = str | tuple[str, ...]
_JOINED = {("concat", "values"), ("stack", "values"), ("einsum", "values")}
"""Operations and their parameters that take any number of tensors, be it one."""


class Program:
    """The main function of a package, ready to run, from several threads at once if need be.

    Attributes:
        inputs: of the function.
        outputs: names of its results.
        steps: what depends on the inputs; the rest is computed once, here.

    Raises:
        ArtifactInvalid: the program contradicts itself, or its weights are damaged.
        OperatorUnknown: an operation, or a way to call it, that this executor does not know.
    """

    def __init__(self, package: Package) -> None:
        self._path = package.path
        self._read = _blob_reader(package)
        self._constants: dict[str, Value] = {}
        function, block = self._main(package.model.mlProgram)
        self.inputs = tuple(self._output(value) for value in function.inputs)
        self._defined = {value.name for value in self.inputs}
        steps = [step for operation in block.operations if (step := self._load(operation))]
        self.outputs = tuple(str(name) for name in block.outputs)
        if missing := set(self.outputs) - self._defined:
            raise ArtifactInvalid(f"{self._path}: nothing computes its output {min(missing)!r}")
        read = set(self.outputs).union(*(step.reads for step in steps))
        # What was read only to compute other constants, such as compressed weights, is done with.
        self._constants = {name: value for name, value in self._constants.items() if name in read}
        self.steps = with_last_uses(steps, {*self.outputs, *self._constants})

    def run(self, inputs: Mapping[str, Tensor], observe: Observer | None = None) -> dict[str, Value]:
        """Results by name.

        Args:
            inputs: by name, of the declared shapes.
            observe: called with the name and the value of every input and every step's result,
                in order, as soon as it is there.

        Raises:
            ContractMismatch: an input is missing or has another shape, or a step fails.
        """
        values: dict[str, Value] = dict(self._constants)
        for wanted in self.inputs:
            found = inputs.get(wanted.name)
            if found is None or tuple(found.shape) != wanted.shape:
                raise ContractMismatch(f"{self._path}: wants an input {wanted.name!r} of {wanted.shape}")
            self._put(values, wanted.name, found.to(wanted.dtype), observe)
        with torch.inference_mode():
            for step in self.steps:
                for output, result in zip(step.outputs, step.run(values, self._path), strict=True):
                    self._put(values, output.name, result, observe)
                for name in step.last:
                    del values[name]
        return {name: values[name] for name in self.outputs}

    @staticmethod
    def _put(values: dict[str, Value], name: str, value: Tensor, observe: Observer | None) -> None:
        values[name] = value
        if observe:
            observe(name, value)

    def _main(self, program: Any) -> tuple[Any, Any]:
        function = program.functions.get("main")
        block = function and function.block_specializations.get(function.opset)
        if block is None:
            raise ArtifactInvalid(f"{self._path}: has no main function; export the model again")
        return function, block

    def _output(self, value: Any) -> Output:
        dtype, shape = tensor_type(value.type, f"{self._path}: {value.name!r}")
        return Output(str(value.name), dtype, shape)

    def _load(self, operation: Any) -> Step | None:
        """A step; None for an operation that is done with at once, because all it reads is constant."""
        kind, names = str(operation.type), [str(value.name) for value in operation.outputs]
        if not names or self._defined.intersection(names) or len(set(names)) < len(names):
            raise ArtifactInvalid(f"{self._path}: a {kind} computes {names}: nothing, or something twice")
        attributes, inputs = self._arguments(operation, f"{kind} {names[0]!r}")
        self._defined.update(names)
        if kind == "const":
            if attributes.keys() != {"val"}:
                raise ArtifactInvalid(f"{self._path}: the constant {names[0]!r} has no value")
            self._constants[names[0]] = attributes["val"]
            return None
        op = self._find(operation, [*inputs, *attributes])
        outputs = tuple(self._output(value) for value in operation.outputs)
        step = Step(kind, op, attributes, inputs, outputs)
        if not step.reads <= self._constants.keys():
            return step
        self._constants.update(zip(names, step.run(self._constants, self._path), strict=True))
        return None

    def _arguments(self, operation: Any, what: str) -> tuple[dict[str, Value], dict[str, Names]]:
        """What is stored in the operation, as attribute or instead of a name, and what it reads."""
        stored = {key: value for key, value in operation.attributes.items() if key != "name"}
        inputs: dict[str, Names] = {}
        for key, argument in operation.inputs.items():
            bound = list(argument.arguments)
            if len(bound) == 1 and bound[0].WhichOneof("binding") == "value":
                stored[key] = bound[0].value
            else:
                inputs[str(key)] = self._names(str(operation.type), key, bound)
        where = f"{self._path}: {what}"
        return {str(k): constant(v, self._read, f"{where}'s {k}") for k, v in stored.items()}, inputs

    def _names(self, kind: str, key: str, bound: list[Any]) -> Names:
        names = tuple(str(one.name) for one in bound)
        if any(one.WhichOneof("binding") != "name" for one in bound):
            raise OperatorUnknown(f"{self._path}: {kind} has values inside {key!r}, which is not known here")
        if missing := [name for name in names if name not in self._defined]:
            raise ArtifactInvalid(f"{self._path}: {kind} reads {missing[0]!r} before it is computed")
        return names if len(names) != 1 or (kind, key) in _JOINED else names[0]

    def _find(self, operation: Any, arguments: list[str]) -> Op:
        found = OPS.get(operation.type)
        what = f"{self._path}: the operation {operation.type!r} ({operation.outputs[0].name})"
        if found is None or operation.blocks:
            raise OperatorUnknown(f"{what} is none that can be executed here; run the model on a Mac")
        if not found.accepts(arguments):
            given = ", ".join(sorted(arguments)) or "nothing"
            raise OperatorUnknown(f"{what} cannot be executed here with {given}; run the model on a Mac")
        return found


def _blob_reader(package: Package) -> ReadBlob:
    files: dict[str, WeightFile] = {}

    def read(name: str, offset: int, count: int) -> NDArray[Any]:
        if name not in files:
            files[name] = WeightFile(package.blob(name))
        return files[name].read(offset, count)

    return read
