"""What to know of a network beside its weights, as tables of TOML; see docs/other-networks.md."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mobileiqa_sdk.contract import MAX_SIDE

from ..errors import DescriptionInvalid
from .factory import is_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Values = dict[str, Any]
SMALLEST = 32


@dataclass(frozen=True)
class Preparation:
    """From the photo as it is decoded to what the network was trained on, (pixel - shift) * scale.

    Attributes:
        channels: ``RGB``, ``BGR``, or ``L`` for one channel of brightness.
        shift, scale: a number for each channel, or one for all; pixels are 0 to 255.
    """

    channels: str = "RGB"
    shift: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1 / 255,)


@dataclass(frozen=True)
class Answer:
    """From what the network answers to a score from 0 to 1, higher is better.

    Attributes:
        select: index or key of the score where the network gives several things.
        activation: ``sigmoid``, ``softmax`` or ``none``, which comes first.
        bins: what each of the values stands for, where they are a distribution; its mean is the score.
        worst, best: the scores that become 0 and 1; what is beyond them is clamped.
    """

    select: int | str | None = None
    activation: str = "none"
    bins: tuple[float, ...] = ()
    worst: float = 0.0
    best: float = 1.0


@dataclass(frozen=True)
class Description:
    """A network to export.

    Attributes:
        factory: ``module:function`` or ``path/to/file.py:function``, which returns a module.
        kwargs: it is called with these.
        checkpoint: its weights, a state_dict; None keeps those it is made with.
        name, version, family, licence: for the contract.
        size: (height, width) in pixels.
        input, output: see there.
    """

    factory: str
    size: tuple[int, int]
    kwargs: Values = field(default_factory=dict)
    checkpoint: Path | None = None
    name: str | None = None
    version: str = "0"
    family: str | None = None
    licence: str = "unknown"
    input: Preparation = Preparation()
    output: Answer = Answer()

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str) -> Description:
        """Put together and check values by dotted key, as :func:`read_toml` and :func:`parse_pair` give them.

        Raises:
            DescriptionInvalid: a key is unknown or missing, or a value makes no sense; names ``source``.
        """
        found: Values = {}
        for key, value in values.items():
            try:
                found[key] = _KEYS[key](value)
            except KeyError:
                near = get_close_matches(key, _KEYS, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(_KEYS)}"
                raise DescriptionInvalid(f"{source}: there is no key {key}{hint}") from None
            except ValueError as error:
                raise DescriptionInvalid(f"{source}: {key} must be {error}, not {value!r}") from None
        for key, why in (("arch.factory", "module:function"), ("input.size", "[height, width] in pixels")):
            if key not in found:
                raise DescriptionInvalid(f"{source}: {key} is missing ({why})")
        try:
            prepared, answer = _preparation(found), _answer(found)
        except ValueError as error:
            raise DescriptionInvalid(f"{source}: {error}") from None
        checkpoint = found.get("arch.checkpoint")
        return cls(
            factory=found["arch.factory"],
            size=found["input.size"],
            kwargs=found.get("arch.kwargs", {}),
            checkpoint=Path(checkpoint) if checkpoint else None,
            **{
                k: found[f"model.{k}"]
                for k in ("name", "version", "family", "licence")
                if f"model.{k}" in found
            },
            input=prepared,
            output=answer,
        )


def read_toml(path: str | Path) -> Values:
    """A description's values by dotted key. Files that it names are looked for beside it.

    Raises:
        DescriptionInvalid: it cannot be read or is no TOML.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        values = dict(_flat(tomllib.loads(text)))
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptionInvalid(f"{path}: cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise DescriptionInvalid(f"{path}: is no TOML ({error})") from error
    folder = Path(path).parent
    if isinstance(checkpoint := values.get("arch.checkpoint"), str):
        values["arch.checkpoint"] = str(folder / checkpoint)
    if isinstance(factory := values.get("arch.factory"), str) and is_file(factory):
        values["arch.factory"] = str(folder / factory)
    return values


def parse_pair(text: str) -> Values:
    """Values of one line of TOML, such as ``input.size = [224, 224]``.

    Raises:
        DescriptionInvalid: it is no TOML.
    """
    try:
        return dict(_flat(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise DescriptionInvalid(
            f"{text!r} is neither a TOML file nor a line such as input.size = [224, 224] ({error})"
        ) from error


def combined(parts: Iterable[Values]) -> Values:
    """One description of several, of which the later ones win, key by key."""
    found: Values = {}
    for part in parts:
        old, new = found.get("arch.kwargs"), part.get("arch.kwargs")
        both = {"arch.kwargs": {**old, **new}} if isinstance(old, dict) and isinstance(new, dict) else {}
        found |= part | both
    return found


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name != "arch.kwargs":
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _preparation(found: Values) -> Preparation:
    channels = found.get("input.channels", "RGB")
    affine = {key for key in ("input.scale", "input.offset") if key in found}
    normal = {key for key in ("input.range", "input.mean", "input.std") if key in found}
    if affine and normal:
        raise ValueError(f"give {min(affine)} or {min(normal)}, not both; they say the same in two ways")
    if affine:
        scale, offset = found.get("input.scale", (1.0,)), found.get("input.offset", (0.0,))
        scale, offset = _same_length(scale, offset)
        shift = tuple(-o / s for s, o in zip(scale, offset, strict=True))
    else:
        low, high = found.get("input.range", (0.0, 1.0))
        mean, std = _same_length(found.get("input.mean", (0.0,)), found.get("input.std", (1.0,)))
        width = (high - low) / 255
        shift = tuple((m - low) / width for m in mean)
        scale = tuple(width / s for s in std)
    if len(scale) not in (1, len(channels)):
        raise ValueError(f"{len(channels)} channels ({channels}) cannot have {len(scale)} means or scales")
    return Preparation(channels, shift, scale)


def _same_length(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    count = max(len(first), len(second))
    both = tuple(values * count if len(values) == 1 else values for values in (first, second))
    if {len(values) for values in both} != {count}:
        raise ValueError(
            f"input.mean and .std, or .scale and .offset, have {len(first)} and {len(second)} values"
        )
    return both


def _answer(found: Values) -> Answer:
    bins, activation = found.get("output.bins", ()), found.get("output.activation", "none")
    # Ends that cannot be otherwise; any other network must say which of its scores is best.
    ends = (min(bins), max(bins)) if bins else (0.0, 1.0) if activation == "sigmoid" else (None, None)
    worst, best = found.get("output.worst", ends[0]), found.get("output.best", ends[1])
    if worst is None or best is None:
        raise ValueError(
            "output.worst and output.best are missing: the network's scores that mean 0 and 1 "
            "(worst = 100, best = 0 where lower is better)"
        )
    if worst == best:
        raise ValueError(f"output.worst and output.best are both {worst}")
    if activation == "softmax" and not bins:
        raise ValueError("output.activation = 'softmax' needs output.bins, which the mean is taken of")
    return Answer(found.get("output.select"), activation, bins, worst, best)


def _text(value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise ValueError("a text")
    return value


def _table(value: Any) -> Values:
    if not isinstance(value, dict):
        raise ValueError("a table")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("a number")
    return float(value)


def _numbers(value: Any) -> tuple[float, ...]:
    try:
        found = tuple(map(_number, value)) if isinstance(value, list) else (_number(value),)
    except ValueError:
        found = ()
    if not found:
        raise ValueError("a number or a list of numbers")
    return found


def _divisors(value: Any) -> tuple[float, ...]:
    found = _numbers(value)
    if 0 in found:
        raise ValueError("other than zero")
    return found


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


_KEYS: dict[str, Callable[[Any], Any]] = {
    "arch.factory": _text,
    "arch.kwargs": _table,
    "arch.checkpoint": _text,
    "model.name": _text,
    "model.version": _text,
    "model.family": _text,
    "model.licence": _text,
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
