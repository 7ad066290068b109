"""Which operations stay float32 in a program that computes in fp16."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

HEAD = 64
"""Elements. Operations whose outputs, and all outputs downstream, are at most this large form the head."""

_SQUARES = {"pow", "square", "reduce_sum_square", "reduce_l2_norm"}
_MEANS = {"avg_pool", "reduce_mean"}
# Operations between a square and the root that undoes it.
_OF_SQUARES = {"abs", "add", "clip", "maximum", "reduce_sum", "rsqrt", "sqrt", "sub"}
_ROOTS = {"rsqrt", "sqrt"}


def is_half(operation: Any) -> bool:
    """Returns whether an operation of coremltools' MIL computes in fp16."""
    return not (_in_head(operation) or _of_squares(operation) or _is_mean_of_variance(operation))


def _in_head(operation: Any) -> bool:
    """Returns whether it is in the head.

    There fp16 would round scores above 0.5 to steps of 0.0005, and photos would tie.
    """
    return all(
        _is_small(output.shape) and all(_in_head(child) for child in output.child_ops)
        for output in operation.outputs
    )


def _is_small(shape: Sequence[Any]) -> bool:
    """Returns whether there are at most HEAD elements. Sides that depend on the photo are symbols: large."""
    return all(isinstance(side, Integral) for side in shape) and math.prod(shape) <= HEAD


def _is_mean(operation: Any) -> bool:
    """Returns whether it averages; a depthwise convolution counts, since it may average over a window."""
    if operation.op_type == "conv":
        return bool(operation.inputs["weight"].shape[1] == 1)
    return operation.op_type in _MEANS


def _is_square(operation: Any) -> bool:
    if operation.op_type in _SQUARES:
        return True
    return operation.op_type == "mul" and operation.inputs["x"] is operation.inputs["y"]


def _of_squares(operation: Any) -> bool:
    """Returns whether it works on squares whose root has not been taken yet.

    256 squared is already infinite in fp16, and a variance is a mean of squares.
    """
    if _is_square(operation):
        return True
    follows = operation.op_type in _OF_SQUARES or _is_mean(operation)
    source = operation.inputs.get("x") if follows else None
    made_by = getattr(source, "op", None)
    return made_by is not None and made_by.op_type not in _ROOTS and _of_squares(made_by)


def _is_mean_of_variance(operation: Any) -> bool:
    """Returns whether it is the mean in a variance E[x^2] - E[x]^2.

    Rounded to fp16, the square of that mean is off by more than a small variance.
    """
    if not _is_mean(operation):
        return False
    squares = [child for output in operation.outputs for child in output.child_ops if _is_square(child)]
    readers = [reader for square in squares for output in square.outputs for reader in output.child_ops]
    return any(reader.op_type == "sub" and _of_squares(reader) for reader in readers)
