"""A MIL program, executed operation by operation on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_sdk.errors import ArtifactInvalid, ContractMismatch

from .errors import OperatorUnknown
from .operation import Operation, Output, Value, described, with_last_uses
from .operators import OPERATORS
from .package import Package
from .registry import Operator
from .values import ReadBlob, constant, tensor_type
from .weights import WeightFile

Observer = Callable[[str, Tensor], None]
Names = str | tuple[str, ...]
_JOINED = {("concat", "values"), ("stack", "values"), ("einsum", "values")}
"""(operator, parameter) pairs that take any number of tensors, even one."""


class Program:
    """The main function of a package, ready to run, also from several threads at once.

    Attributes:
        inputs: of the function.
        outputs: names of its results.
        operations: those that depend on the inputs, in order. The others are computed once, on opening.

    Raises:
        ArtifactInvalid: the program contradicts itself, or its weights are damaged.
        ContractMismatch: an operation on constants fails.
        OperatorUnknown: an operation, or a mode of one, that this executor does not implement.
    """

    def __init__(self, package: Package) -> None:
        self._path = package.path
        self._read = _blob_reader(package)
        self._constants: dict[str, Value] = {}
        function, block = self._main(package.model.mlProgram)
        self.inputs = tuple(self._output(value) for value in function.inputs)
        self._defined = {value.name for value in self.inputs}
        operations = [loaded for operation in block.operations if (loaded := self._load(operation))]
        self.outputs = tuple(str(name) for name in block.outputs)
        if missing := set(self.outputs) - self._defined:
            raise ArtifactInvalid(
                f"{self._path}: nothing computes its output {min(missing)!r}; export the model again"
            )
        read = set(self.outputs).union(*(operation.reads for operation in operations))
        # Constants that only other constants needed, such as compressed weights, are dropped.
        self._constants = {name: value for name, value in self._constants.items() if name in read}
        self.operations = with_last_uses(operations, {*self.outputs, *self._constants})

    def run(self, inputs: Mapping[str, Tensor], observe: Observer | None = None) -> dict[str, Value]:
        """Returns the results by name.

        Args:
            inputs: by name, of the declared shapes.
            observe: called with the name and the value of every input and of every operation's result, in
                order, as soon as it is computed.

        Raises:
            ContractMismatch: an input is missing or has another shape, or an operation fails.
            OperatorUnknown: a mode of an operation that this executor does not implement.
        """
        values: dict[str, Value] = dict(self._constants)
        for declared in self.inputs:
            given = inputs.get(declared.name)
            if given is None or not declared.takes(tuple(given.shape)):
                what = "nothing" if given is None else f"shape {tuple(given.shape)}"
                raise ContractMismatch(
                    f"{self._path}: its input {declared.name!r} has shape {declared.shape}, {what} was given"
                )
            self._put(values, declared.name, given.to(declared.dtype), observe)
        with torch.inference_mode():
            for operation in self.operations:
                for output, result in zip(operation.outputs, operation.run(values, self._path), strict=True):
                    self._put(values, output.name, result, observe)
                for name in operation.last:
                    del values[name]
        return {name: values[name] for name in self.outputs}

    @staticmethod
    def _put(values: dict[str, Value], name: str, value: Tensor, observe: Observer | None) -> None:
        values[name] = value
        if observe:
            observe(name, value)

    def _main(self, program: Any) -> tuple[Any, Any]:
        function = program.functions.get("main")
        if function is not None and function.opset in function.block_specializations:
            return function, function.block_specializations[function.opset]
        raise ArtifactInvalid(f"{self._path}: has no main function; export the model again")

    def _output(self, value: Any) -> Output:
        dtype, shape = tensor_type(value.type, f"{self._path}: {value.name!r}")
        return Output(str(value.name), dtype, shape)

    def _load(self, operation: Any) -> Operation | None:
        """Returns an operation to run; None for one that reads only constants, which is run at once."""
        kind, names = str(operation.type), [str(value.name) for value in operation.outputs]
        if not names or self._defined.intersection(names) or len(set(names)) < len(names):
            raise ArtifactInvalid(
                f"{self._path}: an operation {kind!r} computes {names}: nothing, or a name used before; "
                "export the model again"
            )
        attributes, inputs = self._arguments(operation, described(kind, names[0]))
        self._defined.update(names)
        if kind == "const":
            if attributes.keys() != {"val"}:
                raise ArtifactInvalid(
                    f"{self._path}: the constant {names[0]!r} has no value; export the model again"
                )
            self._constants[names[0]] = attributes["val"]
            return None
        operator = self._find(operation, [*inputs, *attributes])
        outputs = tuple(self._output(value) for value in operation.outputs)
        loaded = Operation(kind, operator, attributes, inputs, outputs, _location(operation))
        if not loaded.reads <= self._constants.keys():
            return loaded
        self._constants.update(zip(names, loaded.run(self._constants, self._path), strict=True))
        return None

    def _arguments(self, operation: Any, what: str) -> tuple[dict[str, Value], dict[str, Names]]:
        """Returns the values stored in the operation, and the names of the results that it reads."""
        stored = {key: value for key, value in operation.attributes.items() if key != "name"}
        inputs: dict[str, Names] = {}
        for key, argument in operation.inputs.items():
            bound = list(argument.arguments)
            if len(bound) == 1 and bound[0].WhichOneof("binding") == "value":
                stored[key] = bound[0].value
            else:
                inputs[str(key)] = self._names(operation, key, bound, what)
        where = f"{self._path}: parameter"
        return {
            str(key): constant(value, self._read, f"{where} {key!r} of {what}")
            for key, value in stored.items()
        }, inputs

    def _names(self, operation: Any, key: str, bound: list[Any], what: str) -> Names:
        names = tuple(str(one.name) for one in bound)
        if any(one.WhichOneof("binding") != "name" for one in bound):
            raise OperatorUnknown(
                f"{self._path}: {what} has constants in its list {key!r}, which the built-in executor does "
                "not support; run the model on a Mac"
            )
        if missing := [name for name in names if name not in self._defined]:
            raise ArtifactInvalid(
                f"{self._path}: {what} reads {missing[0]!r} before it is computed; export the model again"
            )
        return names if len(names) != 1 or (operation.type, key) in _JOINED else names[0]

    def _find(self, operation: Any, arguments: list[str]) -> Operator:
        operator = OPERATORS.get(operation.type)
        what = described(str(operation.type), str(operation.outputs[0].name), _location(operation))
        if operator is None or operation.blocks:
            raise OperatorUnknown(
                f"{self._path}: {what} is not supported by the built-in executor; run the model on a Mac"
            )
        if not operator.accepts(arguments):
            given = ", ".join(sorted(arguments)) or "none"
            raise OperatorUnknown(
                f"{self._path}: {what} is not supported by the built-in executor with parameters {given}; "
                "run the model on a Mac"
            )
        return operator


def _location(operation: Any) -> str:
    """Returns the name the converter gave the operation, which holds that of the layer; else empty."""
    if "name" not in operation.attributes:
        return ""
    texts = operation.attributes["name"].immediateValue.tensor.strings.values
    return str(texts[0]) if texts else ""


def _blob_reader(package: Package) -> ReadBlob:
    files: dict[str, WeightFile] = {}

    def read(name: str, offset: int, count: int) -> NDArray[Any]:
        if name not in files:
            files[name] = WeightFile(package.blob(name))
        return files[name].read(offset, count)

    return read
