"""What stays float32 in a program that computes in fp16."""

from __future__ import annotations

import math
from typing import Any

HEAD = 64
"""Numbers. What makes fewer, and is followed by fewer alone, is the end of a network."""

_SQUARES = {"pow", "square", "reduce_sum_square", "reduce_l2_norm"}
_OF_SQUARES = {"reduce_mean", "reduce_sum", "add", "sqrt", "rsqrt"}


def is_half(operation: Any) -> bool:
    """Whether an operation of coremltools' MIL computes in fp16."""
    return not (_in_head(operation) or _of_squares(operation))


def _in_head(operation: Any) -> bool:
    """In fp16 a score above a half comes in steps of 0.0005: photos would tie."""
    return all(
        math.prod(output.shape) <= HEAD and all(_in_head(child) for child in output.child_ops)
        for output in operation.outputs
    )


def _of_squares(operation: Any) -> bool:
    """The square of 256 is infinite in fp16, and a variance is a mean of squares, until its root is taken."""
    if operation.op_type in _SQUARES:
        return True
    source = operation.inputs.get("x") if operation.op_type in _OF_SQUARES else None
    made_by = getattr(source, "op", None)
    return made_by is not None and made_by.op_type not in ("sqrt", "rsqrt") and _of_squares(made_by)
