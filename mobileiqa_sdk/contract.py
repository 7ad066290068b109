"""What an artifact expects and promises: one JSON object, stored inside the model file and beside it.

Anything that would change a score is in here, so that a runtime on another platform needs the
model file alone. Schema 2 is described in docs/contract.md.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from . import golden, resample
from .errors import ArtifactInvalid, ContractUnsupported
from .photo import MIN_SIDE

SCHEMA = 2
METADATA_KEY = "mobileiqa.contract"
MAX_SIDE = 8192
MAX_OPINIONS = 1024
DECODE_RULES = ("full", "jpeg-reduced")
_T = TypeVar("_T")


@dataclass(frozen=True)
class ModelInfo:
    """Which model this is.

    Attributes:
        name, version: as listed by ``mobileiqa models``.
        family: the network's form, for people.
        licence: SPDX identifier, or ``unknown``.
        checkpoint_sha256: of the checkpoint file it was exported from.
    """

    name: str
    version: str
    family: str
    licence: str
    checkpoint_sha256: str


@dataclass(frozen=True)
class InputSpec:
    """The one input: a photo resized to height x width pixels, aspect ratio ignored.

    ``decode`` is one of `DECODE_RULES`; see :mod:`mobileiqa_sdk.reduction`.
    """

    height: int
    width: int
    layout: str = "NHWC"
    channels: str = "RGB"
    dtype: str = "uint8"
    resample: str = resample.RULE
    decode: str = "full"


@dataclass(frozen=True)
class OutputSpec:
    """The one output: so many opinions between minimum and maximum. The score is their mean."""

    minimum: float = 0.0
    maximum: float = 1.0
    higher_is_better: bool = True
    opinions: int = 1

    @property
    def name(self) -> str:
        """What the model calls its output."""
        return "opinions" if self.opinions > 1 else "score"


@dataclass(frozen=True)
class Precision:
    """What weights are stored in and what arithmetic is done in."""

    weights: str = "fp32"
    compute: str = "fp32"


@dataclass(frozen=True)
class Golden:
    """A test the artifact carries: image -> resized bytes -> score.

    Attributes:
        formula, height, width: of the image before resizing; see :mod:`mobileiqa_sdk.golden`.
        input_sha256: of the resized uint8 RGB bytes, row by row.
        score: what the fp32 reference network answers.
        tolerance: largest allowed distance from it.
    """

    height: int
    width: int
    input_sha256: str
    score: float
    tolerance: float
    formula: str = golden.FORMULA


@dataclass(frozen=True)
class ModelContract:
    """The whole contract of an artifact."""

    model: ModelInfo
    input: InputSpec
    output: OutputSpec
    precision: Precision
    golden: Golden

    def to_json(self) -> str:
        """The contract as JSON text, keys sorted."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> ModelContract:
        """Read a contract; ``source`` names the artifact in errors.

        Raises:
            ArtifactInvalid: the text is no contract, or a value makes no sense.
            ContractUnsupported: another schema version, or a rule this SDK does not know.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ArtifactInvalid(f"{source}: its contract is not JSON ({error})") from error
        if not isinstance(values, dict):
            raise ArtifactInvalid(f"{source}: its contract is not a JSON object")
        schema = values.pop("schema", None)
        if schema != SCHEMA or isinstance(schema, bool):
            raise ContractUnsupported(
                f"{source}: contract schema {schema!r}; this SDK reads schema {SCHEMA}. "
                "Upgrade mobileiqa-sdk or export the model again"
            )
        parts: dict[str, Callable[..., Any]] = {
            "model": ModelInfo,
            "input": InputSpec,
            "output": OutputSpec,
            "precision": Precision,
            "golden": Golden,
        }
        if unknown := sorted(values.keys() - parts.keys()):
            raise ArtifactInvalid(f"{source}: its contract has an unexpected {unknown[0]!r}")
        contract = cls(**{name: _part(kind, values.get(name), source, name) for name, kind in parts.items()})
        contract._check(source)
        return contract

    def _check(self, source: str) -> None:
        supported = {
            "input layout": (self.input.layout, "NHWC"),
            "input channels": (self.input.channels, "RGB"),
            "input dtype": (self.input.dtype, "uint8"),
            "resampling rule": (self.input.resample, resample.RULE),
            "golden formula": (self.golden.formula, golden.FORMULA),
            "output range": ((self.output.minimum, self.output.maximum), (0.0, 1.0)),
            "output direction": (self.output.higher_is_better, True),
        }
        for what, (found, known) in supported.items():
            if found != known:
                raise ContractUnsupported(
                    f"{source}: {what} {found!r}; this SDK knows {known!r}. Upgrade mobileiqa-sdk"
                )
        if self.input.decode not in DECODE_RULES:
            raise ContractUnsupported(
                f"{source}: decode rule {self.input.decode!r}; this SDK knows {', '.join(DECODE_RULES)}. "
                "Upgrade mobileiqa-sdk"
            )
        if not 1 <= self.output.opinions <= MAX_OPINIONS:
            raise ArtifactInvalid(
                f"{source}: its contract has {self.output.opinions} opinions, not 1 to {MAX_OPINIONS}"
            )
        sides = (self.input.height, self.input.width, self.golden.height, self.golden.width)
        if not (all(1 <= side <= MAX_SIDE for side in sides) and min(sides[2:]) >= MIN_SIDE):
            raise ArtifactInvalid(
                f"{source}: its contract has a side outside 1..{MAX_SIDE}, "
                f"or {MIN_SIDE}..{MAX_SIDE} for the golden image: {sides}"
            )
        if not (0 <= self.golden.score <= 1 and 0 < self.golden.tolerance < 1):
            raise ArtifactInvalid(f"{source}: its contract's golden score or tolerance is out of range")
        if not re.fullmatch("[0-9a-f]{64}", self.golden.input_sha256):
            raise ArtifactInvalid(f"{source}: its contract's golden.input_sha256 is not 64 hex digits")
        for key, text in asdict(self.model).items():
            if not text.isprintable():  # it would reach terminals and logs
                raise ArtifactInvalid(f"{source}: its contract has an unprintable model.{key} = {text!r}")


def _part(kind: Callable[..., _T], values: Any, source: str, name: str) -> _T:
    if not isinstance(values, dict):
        raise ArtifactInvalid(f"{source}: its contract has no {name!r}")
    types = {key: str(kind_) for key, kind_ in kind.__annotations__.items()}
    for key, value in values.items():
        if not _is(value, types.get(key)):
            raise ArtifactInvalid(f"{source}: its contract has an unexpected {name}.{key} = {value!r}")
    if missing := types.keys() - values.keys():
        raise ArtifactInvalid(f"{source}: its contract has no {name}.{min(missing)}")
    return kind(**values)


def _is(value: Any, kind: str | None) -> bool:
    if kind == "float":
        if type(value) is int:  # maybe too large for a float
            return abs(value) < 2**53
        return isinstance(value, float) and math.isfinite(value)
    return type(value).__name__ == kind
