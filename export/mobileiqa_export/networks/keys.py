"""The keys of a description, and the values they may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mobileiqa_sdk.contract import MAX_SIDE

SMALLEST = 32
_LARGEST = 1e30
"""Largest number that is accepted: far beyond any sensible one, and far within float32."""

_Text = Annotated[str, Meta(min_length=1)]
_Number = Annotated[float, Meta(gt=-_LARGEST, lt=_LARGEST)]
_Numbers = Annotated[tuple[_Number, ...], Meta(min_length=1)]
_Side = Annotated[int, Meta(ge=SMALLEST, le=MAX_SIDE)]


@dataclass(frozen=True)
class Key:
    """A key of a description.

    Attributes:
        type: of its value, for msgspec.
        meaning: what its value must be, in words.
        holds: what must be true of a value of that type.
    """

    type: Any
    meaning: str
    holds: Callable[[Any], bool] = lambda value: True

    def read(self, value: Any) -> Any:
        """Returns the value as its type.

        Raises:
            ValueError: it is not what the key must be; the message says what that is.
        """
        try:
            converted = msgspec.convert(value, self.type)
        except msgspec.ValidationError as error:
            raise ValueError(self.meaning) from error
        if not self.holds(converted):
            raise ValueError(self.meaning)
        return converted


@dataclass(frozen=True)
class _Numeric(Key):
    """A key whose value is a number or a list of numbers, read as a tuple."""

    def read(self, value: Any) -> Any:
        return super().read(value if isinstance(value, list) else [value])


def _one_of(choices: Any) -> Key:
    return Key(choices, f"one of {', '.join(choices.__args__)}")


_TEXT = Key(_Text, "a text")
_NUMBER = Key(_Number, "a number")
_NUMBERS = _Numeric(_Numbers, "a number or a list of numbers")
_DIVISORS = _Numeric(_Numbers, "a number or a list of numbers, none of them zero", all)

KEYS: dict[str, Key] = {
    "arch.factory": _TEXT,
    "arch.kwargs": Key(dict[str, Any], "a table"),
    "arch.checkpoint": _TEXT,
    "arch.weights": _TEXT,
    "model.name": _TEXT,
    "model.version": _TEXT,
    "model.family": _TEXT,
    "model.license": _TEXT,
    "model.licence": _TEXT,  # as version 0.1 spelled it
    "input.size": Key(tuple[_Side, _Side], f"[height, width] in whole pixels, {SMALLEST} to {MAX_SIDE}"),
    "input.channels": _one_of(Literal["RGB", "BGR", "L"]),
    "input.range": Key(
        tuple[_Number, _Number],
        "what black and white become, such as [0, 1], [0, 255] or [-1, 1]",
        lambda ends: bool(ends[0] < ends[1]),
    ),
    "input.mean": _NUMBERS,
    "input.std": _DIVISORS,
    "input.scale": _DIVISORS,
    "input.offset": _NUMBERS,
    "output.select": Key(int | str, "an index or a key"),
    "output.activation": _one_of(Literal["none", "sigmoid", "softmax"]),
    "output.bins": _NUMBERS,
    "output.worst": _NUMBER,
    "output.best": _NUMBER,
}
