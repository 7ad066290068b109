"""Modules of an fp16 program that compute in float32, with their weights stored in fp16."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .._vendor import COREML_HANDLE_SCOPE, GRAPH_PASS, MIL_BUILDER, PASS_REGISTRY, SCOPE_SOURCE
from .onnx_fp16 import MAX_FP16

_STORE_IN_HALF = "mobileiqa::store_weights_in_half"
_MIN_WEIGHTS = 1024
_GraphPass: Any = GRAPH_PASS.load()
_builder: Any = MIL_BUILDER.load()
_HANDLE = getattr(SCOPE_SOURCE.load(), COREML_HANDLE_SCOPE)

Holds = Callable[[Any], bool]
"""Returns whether an operation of coremltools' MIL belongs to one of the modules."""


def operations_in(modules: frozenset[str], origins: Mapping[str, str]) -> Holds:
    """Returns a function that tells the operations of these modules themselves, not of those inside them.

    Args:
        modules: dotted names.
        origins: handle of a torch node -> dotted name of its module.
    """

    def holds(operation: Any) -> bool:
        handles = operation.scopes.get(_HANDLE) or ()
        return any(origins.get(str(handle)) in modules for handle in handles)

    return holds


def store_weights_in_half(pipeline: Any, holds: Holds) -> None:
    """Adds a pass to a pipeline that stores the large weights of these operations in fp16, read as float32.

    Weights beyond 65504 stay float32.
    """
    PASS_REGISTRY.load().passes[_STORE_IN_HALF] = _StoreWeightsInHalf(holds)
    pipeline.append_pass(_STORE_IN_HALF)


class _StoreWeightsInHalf(_GraphPass):  # type: ignore[misc]  # coremltools has no types
    def __init__(self, holds: Holds) -> None:
        super().__init__()
        self._holds = holds

    def apply(self, prog: Any) -> None:
        for function in prog.functions.values():
            for operation in list(function.operations):
                if operation.op_type == "const" and self._fits(operation.outputs[0]):
                    _cast(function, operation)

    def _fits(self, weight: Any) -> bool:
        values = weight.val
        return (
            isinstance(values, np.ndarray)
            and values.dtype == np.float32
            and values.size >= _MIN_WEIGHTS
            and float(np.abs(values).max()) <= MAX_FP16
            and bool(weight.child_ops)
            and all(self._holds(reader) for reader in weight.child_ops)
        )


def _cast(function: Any, const: Any) -> None:
    weight = const.outputs[0]
    with function:
        half = _builder.constexpr_cast(
            source_val=weight.val.astype(np.float16),
            output_dtype="fp32",
            before_op=const,
            name=f"{const.name}_stored_in_half",
        )
    function.replace_uses_of_var_after_op(anchor_op=const, old_var=weight, new_var=half)
    function.remove_ops([const])
