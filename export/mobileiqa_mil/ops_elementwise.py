"""Elementwise arithmetic, comparisons and casts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .registry import Unsupported, operator

_BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "real_div": torch.true_divide,
    "floor_div": torch.floor_divide,
    "mod": torch.remainder,
    "pow": torch.pow,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "equal": torch.eq,
    "not_equal": torch.ne,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
}
_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "acos": torch.acos,
    "asin": torch.asin,
    "atan": torch.atan,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "floor": torch.floor,
    "logical_not": torch.logical_not,
    "round": torch.round,
    "sign": torch.sign,
    "sin": torch.sin,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tanh": torch.tanh,
}
_CASTS = {
    "fp16": torch.float16,
    "fp32": torch.float32,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "int16": torch.int16,
    "uint16": torch.int32,
    "int32": torch.int32,
    "bool": torch.bool,
}


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    def apply(x: Tensor, y: Tensor) -> Tensor:
        return function(x, y)

    return apply


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def apply(x: Tensor) -> Tensor:
        return function(x)

    return apply


for _name, _two in _BINARY.items():
    operator(_name)(_binary(_two))
for _name, _one in _UNARY.items():
    operator(_name)(_unary(_one))


@operator("identity", moves=True)
def identity(x: Tensor) -> Tensor:
    """Returns x itself."""
    return x


@operator("cast", moves=True)
def cast(x: Tensor, dtype: str) -> Tensor:
    """Returns x as another type; floats become integers by truncation towards zero."""
    if dtype not in _CASTS:
        raise Unsupported(f"dtype {dtype!r}")
    return x.to(_CASTS[dtype])


@operator("clip")
def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    """Returns x limited to alpha..beta."""
    return x.clamp(alpha, beta)


@operator("threshold")
def threshold(x: Tensor, alpha: float) -> Tensor:
    """Returns max(x, alpha)."""
    return x.clamp(min=alpha)


@operator("inverse")
def inverse(x: Tensor, epsilon: float = 1e-4) -> Tensor:
    """Returns 1 / (x + epsilon)."""
    return 1 / (x + epsilon)


@operator("log")
def log(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    """Returns the natural logarithm of x + epsilon."""
    return torch.log(x + epsilon)


@operator("rsqrt")
def rsqrt(x: Tensor, epsilon: float = 1e-12) -> Tensor:
    """Returns 1 / sqrt(x + epsilon)."""
    return torch.rsqrt(x + epsilon)


@operator("select")
def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Returns a where the condition holds, else b."""
    return torch.where(cond.bool(), a, b)
