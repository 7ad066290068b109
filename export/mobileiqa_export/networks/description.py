"""The description of a network beside its weights, as tables of TOML; see docs/other-networks.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import DescriptionInvalid
from .keys import KEYS

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Preparation:
    """How the decoded photo becomes what the network was trained on: (pixel - shift) * scale.

    Attributes:
        channels: ``RGB``, ``BGR``, or ``L`` for one channel of brightness.
        shift, scale: a number for each channel, or one for all; pixels are 0 to 255.
    """

    channels: str = "RGB"
    shift: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1 / 255,)


@dataclass(frozen=True)
class Answer:
    """How the answer of the network becomes a score from 0 to 1, higher is better.

    Attributes:
        select: index or key of the score if the network returns several things.
        activation: ``sigmoid``, ``softmax`` or ``none``, which comes first.
        bins: what each of the values stands for, where they are a distribution; its mean is the score.
        worst, best: the scores that become 0 and 1; scores beyond them are clamped.
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
        kwargs: keyword arguments that it is called with.
        checkpoint: file of its weights; None keeps those that the factory sets.
        weights: the name of the state_dict to take, if several in the checkpoint fit.
        name, version, family, license: for the contract.
        size: (height, width) in pixels.
        input, output: see there.
    """

    factory: str
    size: tuple[int, int]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Path | None = None
    weights: str | None = None
    name: str | None = None
    version: str = "0"
    family: str | None = None
    license: str = "unknown"
    input: Preparation = Preparation()
    output: Answer = Answer()

    @classmethod
    def of(cls, values: Values, source: str) -> Description:
        """Checks values by dotted key, as :mod:`.toml_values` reads them, and returns the description.

        Raises:
            DescriptionInvalid: a key is unknown or missing, or a value makes no sense; names ``source``.
        """
        checked: dict[str, Any] = {}
        for key, value in values.items():
            try:
                checked[key] = KEYS[key].read(value)
            except KeyError:
                near = get_close_matches(key, KEYS, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(KEYS)}"
                raise DescriptionInvalid(f"{source}: there is no key {key}{hint}") from None
            except ValueError as error:
                raise DescriptionInvalid(f"{source}: {key} must be {error}, not {value!r}") from None
        for key, why in (("arch.factory", "module:function"), ("input.size", "[height, width] in pixels")):
            if key not in checked:
                raise DescriptionInvalid(f"{source}: {key} is missing ({why})")
        try:
            prepared, answer = _preparation(checked), _answer(checked)
        except ValueError as error:
            raise DescriptionInvalid(f"{source}: {error}") from None
        checkpoint = checked.get("arch.checkpoint")
        return cls(
            factory=checked["arch.factory"],
            size=checked["input.size"],
            kwargs=checked.get("arch.kwargs", {}),
            checkpoint=Path(checkpoint) if checkpoint else None,
            weights=checked.get("arch.weights"),
            name=checked.get("model.name", cls.name),
            version=checked.get("model.version", cls.version),
            family=checked.get("model.family", cls.family),
            license=checked.get("model.license", checked.get("model.licence", cls.license)),
            input=prepared,
            output=answer,
        )


def _preparation(values: Values) -> Preparation:
    channels = values.get("input.channels", "RGB")
    affine = {key for key in ("input.scale", "input.offset") if key in values}
    normal = {key for key in ("input.range", "input.mean", "input.std") if key in values}
    if affine and normal:
        raise ValueError(f"give {min(affine)} or {min(normal)}, not both; they say the same in two ways")
    if affine:
        scale, offset = values.get("input.scale", (1.0,)), values.get("input.offset", (0.0,))
        scale, offset = _same_length(scale, offset)
        shift = tuple(-o / s for s, o in zip(scale, offset, strict=True))
    else:
        low, high = values.get("input.range", (0.0, 1.0))
        mean, std = _same_length(values.get("input.mean", (0.0,)), values.get("input.std", (1.0,)))
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


def _answer(values: Values) -> Answer:
    bins, activation = values.get("output.bins", ()), values.get("output.activation", "none")
    if activation == "softmax" and not bins:
        raise ValueError(
            "output.activation = 'softmax' needs output.bins, the values whose mean is the score"
        )
    # These ends are certain; any other network must say which of its scores is best.
    ends: tuple[float | None, float | None] = (None, None)
    if bins:
        ends = (min(bins), max(bins))
    elif activation == "sigmoid":
        ends = (0.0, 1.0)
    worst, best = values.get("output.worst", ends[0]), values.get("output.best", ends[1])
    if worst is None or best is None:
        raise ValueError(
            "output.worst and output.best are missing: the network's scores that mean 0 and 1 "
            "(worst = 100, best = 0 where lower is better)"
        )
    if worst == best:
        raise ValueError(f"output.worst and output.best are both {worst}")
    return Answer(values.get("output.select"), activation, bins, worst, best)
