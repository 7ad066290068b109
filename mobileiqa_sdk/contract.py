"""What an artifact expects and promises: one JSON object, stored inside the model file and beside it.

Anything that would change a score is in here, so that a runtime on another platform needs the
model file alone. ``docs/contract.md`` specifies schema 3; schema 2 is read as well.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from . import golden, resample
from .contract_v2 import upgrade
from .errors import ArtifactInvalid, ContractUnsupported
from .fit import Setting

SCHEMA: Final = 3
METADATA_KEY: Final = "mobileiqa.contract"
MAX_SIDE: Final = 8192
MAX_OPINIONS: Final = 1024
MIN_GOLDEN_SIDE: Final = 32
"""Pixels. No photo smaller than this is scored, so neither is the golden image."""

Decode = Literal["full", "jpeg-reduced"]
Fit = Literal["stretch", "keep-aspect"]
WeightType = Literal["fp32", "fp16", "int8", "int4"]
ActivationType = Literal["float", "dynamic-int8", "static-int8"]
DECODE_RULES: Final[tuple[Decode, ...]] = ("full", "jpeg-reduced")
DETAIL_RULES: Final[tuple[str, ...]] = ()
"""Rules for choosing windows at native pixels that this version implements."""

_Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
_GoldenSide = Annotated[int, msgspec.Meta(ge=MIN_GOLDEN_SIDE, le=MAX_SIDE)]
_Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the contract: immutable, compared by value; a reader refuses keys it does not know."""


class ModelInfo(_Part, frozen=True):
    """Which model this is.

    Attributes:
        name, version: as listed by ``mobileiqa models``.
        family: the network's architecture, for people.
        license: an SPDX identifier, or ``unknown``.
        checkpoint_sha256: of the checkpoint file it was exported from.
    """

    name: str
    version: str
    family: str
    license: str
    checkpoint_sha256: str


class Detail(_Part, frozen=True):
    """A second look at native pixels: ``windows`` squares of ``size`` pixels, chosen by ``rule``."""

    rule: str
    windows: Annotated[int, msgspec.Meta(ge=1, le=64)]
    size: _Side


class InputSpec(_Part, frozen=True):
    """The photo as the model takes it: uint8 RGB [1, height, width, 3].

    Attributes:
        height, width: with ``fit="stretch"``, the size in pixels every photo is resized to, aspect
            ratio ignored; None with ``fit="keep-aspect"``.
        layout, channels, dtype: of the tensor.
        resample: the resizing rule; see :mod:`mobileiqa_sdk.resample`.
        decode: when a large JPEG may be decoded smaller; see :mod:`mobileiqa_sdk.reduction`.
        fit: how the size is found; see :mod:`mobileiqa_sdk.fit`.
        multiple: with ``keep-aspect``, both sides are multiples of it.
        settings: with ``keep-aspect``, the pixel budgets a caller may choose from; the first is the default.
        detail: a second look at native pixels, or None.
    """

    height: _Side | None = None
    width: _Side | None = None
    layout: str = "NHWC"
    channels: str = "RGB"
    dtype: str = "uint8"
    resample: str = resample.RULE
    decode: str = "full"
    fit: str = "stretch"
    multiple: Annotated[int, msgspec.Meta(ge=1, le=MIN_GOLDEN_SIDE)] = 1
    settings: tuple[Setting, ...] = ()
    detail: Detail | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a ``stretch`` input. Raises ContractUnsupported for ``keep-aspect``."""
        if self.height is None or self.width is None:
            raise ContractUnsupported("the model keeps the photo's aspect ratio: its input has no fixed size")
        return self.height, self.width


class OutputSpec(_Part, frozen=True):
    """One named float output, [n] or [1, n].

    Attributes:
        name: what the model calls it.
        meaning: ``opinions`` (the score is their mean), ``faults`` (a severity for each label) or
            ``photo`` (how much this is a photograph at all).
        size: how many values.
        minimum, maximum: of each value.
        higher_is_better: False for ``faults``.
        labels: names of the values; of ``faults`` alone.
    """

    name: str = "score"
    meaning: Literal["opinions", "faults", "photo"] = "opinions"
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_OPINIONS)] = 1
    minimum: float = 0.0
    maximum: float = 1.0
    higher_is_better: bool = True
    labels: tuple[str, ...] = ()


class Precision(_Part, frozen=True):
    """What is computed.

    Attributes:
        weights: the type most weights are stored in.
        activations: ``float``; ``dynamic-int8``, with ranges found at run time; or ``static-int8``, with
            calibrated ranges.
        note: for people; nothing depends on it.
    """

    weights: WeightType = "fp32"
    activations: ActivationType = "float"
    note: str = ""


class GoldenCase(_Part, frozen=True):
    """What the fp32 reference network answers for the golden image.

    Attributes:
        input_sha256: of the resized uint8 RGB bytes, row by row.
        score: mean of the opinions.
        faults: a severity for each label of the output ``faults``; empty without one.
        photo: the value of the output ``photo``; None without one.
        setting: name of the setting; empty for ``stretch``.
    """

    input_sha256: _Sha256
    score: _Unit
    faults: tuple[_Unit, ...] = ()
    photo: _Unit | None = None
    setting: str = ""


class Golden(_Part, frozen=True):
    """A test the artifact carries: image -> resized bytes -> answers.

    Attributes:
        height, width: of the image before resizing.
        tolerance: the largest allowed distance of any value from the reference's.
        cases: one for ``stretch``; one for each setting, in their order, for ``keep-aspect``.
        formula: of the image; see :mod:`mobileiqa_sdk.golden`.
    """

    height: _GoldenSide
    width: _GoldenSide
    tolerance: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    cases: Annotated[tuple[GoldenCase, ...], msgspec.Meta(min_length=1)]
    formula: str = golden.FORMULA

    @property
    def score(self) -> float:
        """The reference's score with the default setting."""
        return self.cases[0].score

    @property
    def input_sha256(self) -> str:
        """Of the resized image with the default setting."""
        return self.cases[0].input_sha256


class Verification(_Part, frozen=True):
    """Whether the artifact passed verification when it was made.

    Attributes:
        passed: False for one that was kept although it failed (``mobileiqa export --allow-drift``).
        failures: a sentence for each reason.
    """

    passed: bool = True
    failures: tuple[str, ...] = ()


class ModelContract(_Part, frozen=True):
    """The whole contract of an artifact."""

    model: ModelInfo
    input: InputSpec
    outputs: tuple[OutputSpec, ...]
    precision: Precision
    golden: Golden
    verification: Verification = Verification()

    @property
    def opinions(self) -> OutputSpec:
        """The output whose mean is the score."""
        return next(output for output in self.outputs if output.meaning == "opinions")

    def to_json(self) -> str:
        """The contract as JSON text of schema 3, keys sorted."""
        values = {"schema": SCHEMA, **msgspec.to_builtins(self)}
        return msgspec.json.format(msgspec.json.encode(values, order="sorted"), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> ModelContract:
        """Reads a contract of schema 3 or 2; ``source`` names the artifact in errors.

        Raises:
            ArtifactInvalid: the text is not a contract, or a value makes no sense.
            ContractUnsupported: another schema version, or a rule this SDK does not know.
        """
        try:
            values = msgspec.json.decode(text)
        except (ValueError, RecursionError) as error:
            raise ArtifactInvalid(f"{source}: its contract is not JSON ({error})") from error
        if not isinstance(values, dict):
            raise ArtifactInvalid(f"{source}: its contract is not a JSON object")
        schema = values.pop("schema", None)
        if isinstance(schema, bool) or schema not in (2, SCHEMA):
            raise ContractUnsupported(
                f"{source}: contract schema {schema!r}; this SDK reads schemas 2 and {SCHEMA}. "
                "Upgrade mobileiqa-sdk or export the model again"
            )
        try:
            contract = msgspec.convert(upgrade(values) if schema == 2 else values, cls)
        except (ValueError, RecursionError) as error:
            raise ArtifactInvalid(f"{source}: its contract is not valid: {error}") from error
        _check_rules(contract, source)
        _check_consistency(contract, source)
        return contract


def _check_rules(contract: ModelContract, source: str) -> None:
    """Raises ContractUnsupported for a rule of another version of the SDK."""
    spec = contract.input
    known: dict[str, tuple[str, tuple[str, ...]]] = {
        "input layout": (spec.layout, ("NHWC",)),
        "input channels": (spec.channels, ("RGB",)),
        "input dtype": (spec.dtype, ("uint8",)),
        "resampling rule": (spec.resample, (resample.RULE,)),
        "decode rule": (spec.decode, DECODE_RULES),
        "fit rule": (spec.fit, ("stretch", "keep-aspect")),
        "golden formula": (contract.golden.formula, (golden.FORMULA,)),
    }
    if spec.detail is not None:
        known["detail rule"] = spec.detail.rule, DETAIL_RULES
    for what, (value, choices) in known.items():
        if value not in choices:
            raise ContractUnsupported(
                f"{source}: {what} {value!r}; this SDK knows {', '.join(choices) or 'none'}. "
                "Upgrade mobileiqa-sdk"
            )
    for output in contract.outputs:
        if (output.minimum, output.maximum) != (0.0, 1.0):
            raise ContractUnsupported(
                f"{source}: output {output.name!r} ranges from {output.minimum} to {output.maximum}; this "
                "SDK reads values from 0 to 1. Upgrade mobileiqa-sdk"
            )
        if output.higher_is_better == (output.meaning == "faults"):
            raise ContractUnsupported(
                f"{source}: output {output.name!r} has the wrong direction for {output.meaning}. "
                "Upgrade mobileiqa-sdk"
            )


def _check_consistency(contract: ModelContract, source: str) -> None:
    """Raises ArtifactInvalid where parts contradict each other."""
    spec, cases = contract.input, contract.golden.cases
    by_meaning = {output.meaning: output for output in contract.outputs}
    faults = by_meaning.get("faults")
    sized = spec.height is not None and spec.width is not None
    names = [setting.name for setting in spec.settings]
    rules: list[tuple[bool, str]] = [
        (len(by_meaning) == len(contract.outputs), "two outputs mean the same"),
        ("opinions" in by_meaning, "no output has the meaning 'opinions'"),
        (
            len({output.name for output in contract.outputs}) == len(contract.outputs),
            "two outputs share a name",
        ),
        ("photo" not in by_meaning or by_meaning["photo"].size == 1, "the output 'photo' is not one value"),
        (all(_labels_fit(output) for output in contract.outputs), "an output's labels do not fit its values"),
        (len(set(names)) == len(names), "two settings share a name"),
        (
            spec.fit != "stretch" or (sized and not names),
            "a stretched input needs height and width, no settings",
        ),
        (spec.fit == "stretch" or (not sized and bool(names)), "a keep-aspect input needs settings, no size"),
        (
            [case.setting for case in cases] == (names or [""]),
            "the golden cases are not those of the settings",
        ),
        (
            all(len(case.faults) == (faults.size if faults else 0) for case in cases),
            "golden faults do not fit",
        ),
        (
            all((case.photo is not None) == ("photo" in by_meaning) for case in cases),
            "golden photo does not fit",
        ),
        (
            contract.verification.passed != bool(contract.verification.failures),
            "its verification contradicts itself",
        ),
    ]
    for holds, problem in rules:
        if not holds:
            raise ArtifactInvalid(f"{source}: its contract is not valid: {problem}")
    for key, text in _texts(msgspec.to_builtins(contract)):
        if not text.isprintable():  # it would reach terminals and logs
            raise ArtifactInvalid(f"{source}: its contract has unprintable text in {key}: {text!r}")


def _labels_fit(output: OutputSpec) -> bool:
    if output.meaning == "faults":
        return len(set(output.labels)) == output.size == len(output.labels)
    return not output.labels


def _texts(value: Any, path: str = "contract") -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(path, value)]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, (list, tuple))
        else ()
    )
    return [text for key, inner in items for text in _texts(inner, f"{path}.{key}")]
