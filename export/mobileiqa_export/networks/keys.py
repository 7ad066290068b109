"""The keys of a description, and what their values must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mobileiqa_sdk.contract import MAX_SIDE

SMALLEST = 32
_LARGEST = 1e30
"""Of numbers: far beyond any, and far within float32."""


def _text(value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise ValueError("a text")
    return value


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a table")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
        raise ValueError("a number")
    return float(value)


def _numbers(value: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(map(_number, value)) if isinstance(value, list) else (_number(value),)
    except ValueError:
        numbers = ()
    if not numbers:
        raise ValueError("a number or a list of numbers")
    return numbers


def _divisors(value: Any) -> tuple[float, ...]:
    numbers = _numbers(value)
    if 0 in numbers:
        raise ValueError("other than zero")
    return numbers


def _range(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != 2 or not _number(value[0]) < _number(value[1]):
        raise ValueError("what black and white become, such as [0, 1], [0, 255] or [-1, 1]")
    return _numbers(value)


def _size(value: Any) -> tuple[int, int]:
    sides = isinstance(value, list) and [side for side in value if type(side) is int]
    if not sides or len(sides) != 2 or not all(SMALLEST <= side <= MAX_SIDE for side in sides):
        raise ValueError(f"[height, width] in whole pixels, {SMALLEST} to {MAX_SIDE}")
    return sides[0], sides[1]


def _select(value: Any) -> int | str:
    if type(value) is not int and not isinstance(value, str):
        raise ValueError("an index or a key")
    return value


def _one_of(*names: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return str(value)

    return check


KEYS: dict[str, Callable[[Any], Any]] = {
    "arch.factory": _text,
    "arch.kwargs": _table,
    "arch.checkpoint": _text,
    "arch.weights": _text,
    "model.name": _text,
    "model.version": _text,
    "model.family": _text,
    "model.license": _text,
    "model.licence": _text,  # as version 0.1 spelled it
    "input.size": _size,
    "input.channels": _one_of("RGB", "BGR", "L"),
    "input.range": _range,
    "input.mean": _numbers,
    "input.std": _divisors,
    "input.scale": _divisors,
    "input.offset": _numbers,
    "output.select": _select,
    "output.activation": _one_of("none", "sigmoid", "softmax"),
    "output.bins": _numbers,
    "output.worst": _number,
    "output.best": _number,
}
"""What makes a value of each key, or raises ValueError with what it must be."""
