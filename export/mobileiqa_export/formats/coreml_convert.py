"""Converts a network to Core ML by torch.export, and traces operations back to the modules they came from."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.operators import OPERATORS
from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.contract import MAX_SIDE, InputSpec

from .._vendor import COREML_HANDLE, COREML_MAPPING, FUSE_LINEAR_BIAS
from ..errors import ConversionFailed, ExportError, InternalError
from ..tracing import module_path, unwrapped
from .coreml_filling import FILLINGS
from .coreml_half import is_half
from .coreml_logic import LOGIC
from .coreml_pooling import POOLINGS
from .coreml_single import Holds, operations_in, store_weights_in_half
from .job import is_inside
from .sizes import example_size, free_sides

ct = load("coremltools")

_ON_PURPOSE = (ValueError, NotImplementedError, RuntimeError)
"""Errors by which coremltools says what it does not support; others are mistakes in it or in this code."""
_MOST_AXES = 5
_MOST_STEPS = 20
"""How many operators are decomposed for one network, which ends any circle of decompositions."""


@dataclass(frozen=True)
class Target:
    """What a model is converted for.

    Attributes:
        system: the oldest that must run it.
        half: whether it computes in fp16, or in float32.
        single: modules of an fp16 model whose own operations compute in float32, not those of modules
            inside them.
        half_weights: those of them whose weights are stored in fp16.
    """

    system: str
    half: bool = True
    single: frozenset[str] = frozenset()
    half_weights: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Conversion:
    """A converted network.

    Attributes:
        model: coremltools' MLModel.
        saved: the model as a package on disk, as it is before any compression.
        program: what torch exported; converting it again gives the same names.
        input: the image.
        outputs: names of the outputs, in order.
        target: what it was converted for.
        modules: name of a MIL operation's result -> dotted name of the network's module it comes from.
        names: of all modules of the network.
    """

    model: Any
    saved: Path
    program: ExportedProgram
    input: InputSpec
    outputs: Sequence[str]
    target: Target
    modules: Mapping[str, str]
    names: frozenset[str]

    def operations_of(self, modules: frozenset[str]) -> frozenset[str]:
        """Returns the MIL operations of these modules and of all modules inside them.

        Raises:
            ExportError: the network has no such module.
        """
        _check_names(modules, self.names)
        return frozenset(
            operation for operation, module in self.modules.items() if is_inside(module, modules)
        )

    def check_operations(self) -> None:
        """Sees to it that the built-in executor knows every operation, without which no score can be checked.

        Raises:
            ConversionFailed: it does not; names the operation and the module that it comes from.
        """
        program = self.model.get_spec().mlProgram
        block = next(iter(program.functions["main"].block_specializations.values()))
        for operation in block.operations:
            if operation.type != "const" and operation.type not in OPERATORS:
                where = self.modules.get(operation.outputs[0].name) or "the network itself"
                raise ConversionFailed(
                    f"Core ML's operation {operation.type!r}, which {where} becomes, is not known to the "
                    "built-in executor, so scores could not be checked; replace it there"
                )

    def again(self, pipeline: Any) -> Any:
        """Returns another MLModel of the same program, made by coremltools' passes and those added to them.

        Raises:
            InternalError: coremltools fails, although it has converted the same program before.
        """
        try:
            return _to_coreml(self.program, self.input, self.outputs, self.target, pipeline)
        except ConversionFailed as error:
            raise InternalError(f"quantizing for Core ML failed ({error})") from error


class _OperatorRefused(ConversionFailed):
    """Core ML does not support an operator."""

    def __init__(self, operator: str, message: str) -> None:
        super().__init__(message)
        self.operator = operator


class PixelsFromImage(nn.Module):
    """Turns Core ML's image, float RGB [1, 3, H, W] in 0..255, into the pixels that a network takes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Any:
        return self.network(image.permute(0, 2, 3, 1))


def passes() -> Any:
    """Returns coremltools' passes, without :data:`.._vendor.FUSE_LINEAR_BIAS`."""
    pipeline = ct.PassPipeline.DEFAULT
    pipeline.remove_passes({FUSE_LINEAR_BIAS})
    return pipeline


def convert(
    network: nn.Module, spec: InputSpec, outputs: Sequence[str], target: Target, scratch: Path
) -> Conversion:
    """Converts a network that maps RGB pixels [1, H, W, 3] to opinions, or to a tuple of outputs.

    What Core ML refuses is decomposed by PyTorch's own rules, as far as there are any.

    Args:
        network: in eval mode, float32.
        spec: the image.
        outputs: names of the outputs, in order.
        target: see :class:`Target`.
        scratch: an existing folder for the package.

    Raises:
        ConversionFailed: torch.export or Core ML does not support an operator; names the module it is in.
    """
    names = frozenset(name for name, _ in network.named_modules())
    _check_names(target.single, names)
    program, model = _converted(_exported(network, spec), spec, outputs, target)
    saved = scratch / "plain.mlpackage"
    model.save(str(saved))
    return Conversion(model, saved, program, spec, outputs, target, _modules(saved, program), names)


def _converted(
    program: ExportedProgram, spec: InputSpec, outputs: Sequence[str], target: Target
) -> tuple[ExportedProgram, Any]:
    """Returns the program of which Core ML supports every operator, and its MLModel."""
    written = {_operator_of(node) for node in program.graph.nodes} - {""}
    refusal: ConversionFailed | None = None
    for _ in range(_MOST_STEPS):
        try:
            return program, _to_coreml(program, spec, outputs, target, passes())
        except ConversionFailed as error:
            operator = error.operator if isinstance(error, _OperatorRefused) else ""
            # Steps that an operator was decomposed into would tell the network's author nothing.
            if refusal is None or operator in written:
                refusal = error
            simpler = _decomposed(program, operator)
            if simpler is None:
                break
            program = simpler
    assert refusal is not None  # noqa: S101 - narrows the type
    raise ConversionFailed(str(refusal)) from refusal


def _decomposed(program: ExportedProgram, operator: str) -> ExportedProgram | None:
    """Returns the program without an operator; None if PyTorch has no rule for it."""
    rules = torch.export.default_decompositions()
    uses = {node.target for node in program.graph.nodes if _operator_of(node) == operator}
    chosen = {target: rules[target] for target in uses if target in rules}
    if not chosen:
        return None
    with quiet(), torch.inference_mode():
        return _numbered(program.run_decompositions(chosen))


def _operator_of(node: Any) -> str:
    """Returns the name of the operator that a node calls, such as ``conv2d``; empty for another node."""
    return next(iter(str(node.target).split(".")[1:2]), "")


def _check_names(modules: frozenset[str], names: frozenset[str]) -> None:
    if unknown := sorted(modules - names):
        raise ExportError(f"no module of the network is called {unknown[0]!r}; it cannot stay float")


def _exported(network: nn.Module, spec: InputSpec) -> ExportedProgram:
    example = torch.zeros(1, 3, *example_size(spec))
    try:
        with quiet(), torch.inference_mode():
            traced = torch.export.export(
                PixelsFromImage(network), (example,), dynamic_shapes=free_sides(spec, rows=2, columns=3)
            )
            program: ExportedProgram = traced.run_decompositions({**POOLINGS, **FILLINGS, **LOGIC})
    except MemoryError:
        raise
    # Any module may raise anything while it is traced.
    except Exception as error:
        raise ConversionFailed(
            f"the network cannot be exported by torch.export ({first_line(error)})"
        ) from error
    return _numbered(program)


def _numbered(program: ExportedProgram) -> ExportedProgram:
    """Takes out what coremltools does not need, and gives each node the handle that it notes; in place."""
    for node in list(program.graph.nodes):
        if node.target == torch.ops.aten.alias.default:  # coremltools does not support it
            node.replace_all_uses_with(node.args[0])
            program.graph.erase_node(node)
    for number, node in enumerate(program.graph.nodes):
        node.meta[COREML_HANDLE] = number
    return program


def _to_coreml(
    program: ExportedProgram, spec: InputSpec, outputs: Sequence[str], target: Target, pipeline: Any
) -> Any:
    origins = _origins(program)
    in_single = operations_in(target.single, origins)
    if target.half_weights:
        store_weights_in_half(pipeline, operations_in(target.half_weights, origins))
    image = ct.ImageType(name="image", shape=(1, 3, *_sides(spec)), color_layout=ct.colorlayout.RGB)
    log = _Log()
    with quiet(), log:
        try:
            return ct.convert(
                program,
                convert_to="mlprogram",
                inputs=[image],
                outputs=[ct.TensorType(name=name, dtype=np.float32) for name in outputs],
                minimum_deployment_target=getattr(ct.target, target.system),
                compute_precision=_precision(target.half, in_single),
                pass_pipeline=pipeline,
                skip_model_load=True,
            )
        except MemoryError:
            raise
        # coremltools lets through whatever its many converters raise: NotImplementedError, ValueError ...
        except Exception as error:
            raise _blamed(program, error, log.text) from error


def _sides(spec: InputSpec) -> list[Any]:
    """Returns height and width, or ranges of them for a network that takes any size."""
    sides = example_size(spec)
    if spec.fit == "stretch":
        return list(sides)
    return [ct.RangeDim(spec.multiple, MAX_SIDE, default=side) for side in sides]


def _precision(half: bool, in_single: Holds) -> Any:
    if not half:
        return ct.precision.FLOAT32
    return ct.transform.FP16ComputePrecision(
        op_selector=lambda operation: is_half(operation) and not in_single(operation)
    )


def _modules(package: Path, program: ExportedProgram) -> dict[str, str]:
    """Returns the module that each MIL operation came from, by the name of its result; coremltools notes
    handles.
    """
    origins = _origins(program)
    mapping = json.loads((package / COREML_MAPPING).read_text(encoding="utf-8"))["mapping"]
    return {
        path[-1]["Output"]: origins[handle]
        for handle, paths in mapping.items()
        for path in paths
        if handle in origins
    }


def _origins(program: ExportedProgram) -> dict[str, str]:
    """Returns the module that each torch node came from, by the node's handle."""
    return {str(node.meta[COREML_HANDLE]): _module_of(node) for node in program.graph.nodes}


def _module_of(node: Any) -> str:
    """Returns the dotted name of the module whose code made this node; empty for the network itself."""
    return unwrapped(module_path(node))


def _places(nodes: Iterable[Any]) -> str:
    """Returns the modules that these torch nodes came from."""
    # One more wrapper if the network is not a student.
    names = {unwrapped(_module_of(node)) for node in nodes}
    return ", ".join(name or "the network itself" for name in sorted(names)) or "the network"


class _Log(logging.Handler):
    """Keeps what coremltools logs: the operator that it fails at."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage()

    def __enter__(self) -> None:
        logging.getLogger("coremltools").addHandler(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("coremltools").removeHandler(self)


def _blamed(program: ExportedProgram, error: Exception, log: str) -> ExportError:
    """Returns the error to raise for one of coremltools, with the operator and the modules that use it."""
    text = first_line(error)
    named = re.search(r"converting '(\w+)' op|op '(\w+)'|kind (\w+)|node \w+ \((\w+)\)", f"{log} {text}")
    kind = next(filter(None, named.groups())) if named else ""
    nodes = list(program.graph.nodes)
    if kind:
        where = _places(node for node in nodes if _operator_of(node) == kind)
        return _OperatorRefused(
            kind,
            f"Core ML does not support the operator {kind!r} as it is used in {where}; "
            f"replace it there ({text})",
        )
    if "rank <=" in text:
        where = _places(node for node in nodes if getattr(node.meta.get("val"), "ndim", 0) > _MOST_AXES)
        return ConversionFailed(
            f"Core ML's tensors have at most {_MOST_AXES} axes, {where} makes one of more; "
            f"join axes there ({text})"
        )
    for dtype in error.args:
        if isinstance(dtype, torch.dtype):  # a key that coremltools looked up
            where = _places(node for node in nodes if getattr(node.meta.get("val"), "dtype", None) == dtype)
            return ConversionFailed(f"Core ML has no tensors of {dtype}, as {where} makes; use float32 there")
    if isinstance(error, _ON_PURPOSE):
        return ConversionFailed(f"the network cannot be converted to Core ML ({text})")
    return InternalError(f"converting to Core ML failed ({type(error).__name__}: {text})")
