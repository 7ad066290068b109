"""What an artifact expects and promises: one JSON object, stored inside the model file and beside it.

Anything that would change a score is in here, so that a runtime on another platform needs the
model file alone. ``docs/contract.md`` specifies schema 3; schema 2 is read as well.

The classes check nothing when they are made in Python. ``ModelContract.from_json`` checks everything.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, NoReturn, get_args

import msgspec

from . import golden, resample
from ._deprecation import renamed
from .contract_v2 import upgrade
from .errors import ArtifactInvalid, ContractUnsupported
from .fit import Setting, fitted

SCHEMA: Final = 3
METADATA_KEY: Final = "mobileiqa.contract"
MAX_SIDE: Final = 8192
MAX_OPINIONS: Final = 1024
MIN_GOLDEN_SIDE: Final = 32
"""Pixels. No photo smaller than this is scored, so neither is the golden image."""

Decode = Literal["full", "jpeg-reduced"]
Fit = Literal["stretch", "keep-aspect"]
Meaning = Literal["opinions", "faults", "photo"]
WeightType = Literal["fp32", "fp16", "int8", "int4"]
ActivationType = Literal["float", "dynamic-int8", "static-int8"]
DECODE_RULES: Final[tuple[Decode, ...]] = get_args(Decode)
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
        name: as listed by ``mobileiqa models``.
        version: of the model.
        family: the network's architecture, in words.
        license: an SPDX identifier, or ``unknown``.
        checkpoint_sha256: of the checkpoint file it was exported from.
    """

    name: str
    version: str
    family: str
    license: str
    checkpoint_sha256: str

    licence = renamed("ModelInfo.licence", "license", removed_in="0.4")


class Detail(_Part, frozen=True):
    """A second look at native pixels: ``windows`` squares of ``size`` pixels, chosen by ``rule``."""

    rule: str
    windows: Annotated[int, msgspec.Meta(ge=1, le=64)]
    size: _Side


class InputSpec(_Part, frozen=True):
    """The photo as the model takes it: uint8 RGB [1, height, width, 3].

    Attributes:
        height: in pixels, of every resized photo with ``fit="stretch"``, which ignores its aspect ratio;
            None with ``fit="keep-aspect"``.
        width: likewise.
        layout: of the tensor; so are ``channels`` and ``dtype``.
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
    decode: Decode = "full"
    fit: Fit = "stretch"
    multiple: Annotated[int, msgspec.Meta(ge=1, le=MIN_GOLDEN_SIDE)] = 1
    settings: tuple[Setting, ...] = ()
    detail: Detail | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a ``stretch`` input. Raises ContractUnsupported for ``keep-aspect``."""
        if self.height is None or self.width is None:
            raise ContractUnsupported(
                "the model keeps the photo's aspect ratio, so its input has no fixed size; "
                "Scorer.input_size returns the size for a photo"
            )
        return self.height, self.width

    @property
    def text(self) -> str:
        """The size for people: ``512 x 512`` (height x width), or the budgets of pixels."""
        if self.fit == "stretch":
            return f"{self.height} x {self.width}"
        return ", ".join(f"{setting.name} at most {setting.max_pixels:,} pixels" for setting in self.settings)

    def size_for(self, height: int, width: int, setting: Setting | None = None) -> tuple[int, int]:
        """Returns the (height, width) that an upright photo of height x width pixels is resized to.

        ``setting`` is one of ``settings``; None is the first. A ``stretch`` input has none.
        """
        if self.fit == "stretch":
            return self.size
        return fitted(height, width, setting or self.settings[0], self.multiple)


class OutputSpec(_Part, frozen=True):
    """One named float output, [n] or [1, n].

    Attributes:
        name: what the model calls it.
        meaning: ``opinions`` (the score is their mean), ``faults`` (a severity for each label) or
            ``photo`` (how much this is a photograph at all).
        size: how many values.
        minimum: of each value.
        maximum: of each value.
        higher_is_better: whether higher values are better; False for ``faults``.
        labels: names of the values; only ``faults`` have them.
    """

    name: str = "score"
    meaning: Meaning = "opinions"
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_OPINIONS)] = 1
    minimum: float = 0.0
    maximum: float = 1.0
    higher_is_better: bool = True
    labels: tuple[str, ...] = ()

    opinions = renamed("OutputSpec.opinions", "size", removed_in="0.4")


class Precision(_Part, frozen=True):
    """What is computed.

    Attributes:
        weights: the type most weights are stored in.
        activations: ``float``; ``dynamic-int8``, with ranges found at run time; or ``static-int8``, with
            calibrated ranges.
        note: in words; nothing depends on it.
    """

    weights: WeightType = "fp32"
    activations: ActivationType = "float"
    note: str = ""

    compute = renamed("Precision.compute", "note", removed_in="0.4")


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
        height: of the image before resizing.
        width: of the image before resizing.
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
    """The whole contract of an artifact.

    >>> from mobileiqa_sdk import Scorer
    >>> contract = Scorer(threads=1).contract
    >>> contract.model.name, contract.input.fit, contract.opinions.size
    ('mobileiqa-small', 'keep-aspect', 8)
    >>> ModelContract.from_json(contract.to_json(), "a copy") == contract
    True
    """

    model: ModelInfo
    input: InputSpec
    outputs: tuple[OutputSpec, ...]
    precision: Precision
    golden: Golden
    verification: Verification = Verification()

    output = renamed("ModelContract.output", "opinions", removed_in="0.4")

    @property
    def opinions(self) -> OutputSpec:
        """The output whose mean is the score."""
        return next(output for output in self.outputs if output.meaning == "opinions")

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that the model answers a severity for, in its order; empty if none."""
        for output in self.outputs:
            if output.meaning == "faults":
                return output.labels
        return ()

    @property
    def answers_photograph(self) -> bool:
        """Whether the model answers how much a picture is a photograph."""
        return any(output.meaning == "photo" for output in self.outputs)

    def to_json(self) -> str:
        """Returns the contract as JSON text of schema 3, keys sorted."""
        values = {"schema": SCHEMA, **msgspec.to_builtins(self)}
        return msgspec.json.format(msgspec.json.encode(values, order="sorted"), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> ModelContract:
        """Reads a contract of schema 3 or 2; ``source`` names the artifact in errors.

        Raises:
            ArtifactInvalid: the text is not a contract, or a value makes no sense.
            ContractUnsupported: another schema version, or a rule this SDK does not know.
        """
        values = _decode(text, source)
        schema = values.pop("schema", None)
        if type(schema) is not int or schema not in (2, SCHEMA):
            raise ContractUnsupported(
                f"{source}: contract schema {schema!r}; this SDK reads schemas 2 and {SCHEMA}. "
                "Upgrade mobileiqa-sdk or export the model again"
            )
        try:
            if schema == 2:
                values = upgrade(values)
            _check_rules(values, source)
            contract = msgspec.convert(values, cls)
        except (ValueError, RecursionError) as error:
            raise ArtifactInvalid(f"{source}: its contract is not valid: {error}") from error
        for problem in (*_missing(values, msgspec.to_builtins(contract)), *_contradictions(contract)):
            raise ArtifactInvalid(f"{source}: its contract is not valid: {problem}")
        return contract


def _decode(text: str | bytes, source: str) -> dict[str, Any]:
    """Returns the JSON object. The standard library's parser is used because it can refuse repeated keys."""
    try:
        values = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, RecursionError) as error:
        raise ArtifactInvalid(f"{source}: its contract is not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ArtifactInvalid(f"{source}: its contract is not a JSON object")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is out of range")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is repeated")
    return values


_RULES: Final[dict[tuple[str, ...], tuple[object, ...]]] = {
    ("input", "layout"): ("NHWC",),
    ("input", "channels"): ("RGB",),
    ("input", "dtype"): ("uint8",),
    ("input", "resample"): (resample.RULE,),
    ("input", "decode"): DECODE_RULES,
    ("input", "fit"): get_args(Fit),
    ("input", "detail", "rule"): DETAIL_RULES,
    ("outputs", "*", "meaning"): get_args(Meaning),
    ("outputs", "*", "minimum"): (0.0,),
    ("outputs", "*", "maximum"): (1.0,),
    ("precision", "weights"): get_args(WeightType),
    ("precision", "activations"): get_args(ActivationType),
    ("golden", "formula"): (golden.FORMULA,),
}
"""Values that this version understands; other values of the same type may belong to a later version."""


def _check_rules(values: dict[str, Any], source: str) -> None:
    """Raises ContractUnsupported for a rule of another version; leaves values of a wrong type alone."""
    for path, known in _RULES.items():
        for value in _at(values, path):
            if _is_like(value, known) and value not in known:
                choices = ", ".join(map(str, known)) or "none"
                raise ContractUnsupported(
                    f"{source}: {'.'.join(path)} is {value!r}; this SDK knows {choices}. "
                    "Upgrade mobileiqa-sdk"
                )
    for output in _at(values, ("outputs", "*")):
        meaning = output.get("meaning") if isinstance(output, dict) else None
        if meaning and isinstance(output, dict) and output.get("higher_is_better") is (meaning == "faults"):
            raise ContractUnsupported(
                f"{source}: outputs.*.higher_is_better is {output['higher_is_better']} for {meaning!r}; "
                "this SDK knows the opposite. Upgrade mobileiqa-sdk"
            )


def _is_like(value: object, known: tuple[object, ...]) -> bool:
    if known and isinstance(known[0], float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _at(value: object, path: tuple[str, ...]) -> Iterable[object]:
    """Yields what lies at a path of keys, where ``*`` stands for every item of a list."""
    if not path:
        yield value
    elif path[0] == "*" and isinstance(value, list):
        for item in value:
            yield from _at(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _missing(values: Any, complete: Any, path: str = "") -> Iterator[str]:
    """Yields the keys of a complete contract that the JSON lacks: every key is required."""
    if isinstance(complete, dict):
        for key, inner in complete.items():
            if key not in values:
                yield f"{path}{key} is missing"
            else:
                yield from _missing(values[key], inner, f"{path}{key}.")
    elif isinstance(complete, (list, tuple)):
        for number, (value, inner) in enumerate(zip(values, complete, strict=True)):
            yield from _missing(value, inner, f"{path}{number}.")


def _contradictions(contract: ModelContract) -> Iterator[str]:
    """Yields contradictions between values that are valid by themselves."""
    yield from _output_problems(contract.outputs)
    yield from _input_problems(contract.input)
    yield from _golden_problems(contract)
    if contract.verification.passed == bool(contract.verification.failures):
        yield "verification.passed and verification.failures contradict each other"
    for path, text in _texts(msgspec.to_builtins(contract)):
        if not text.isprintable():  # it would reach terminals and logs
            yield f"{path} holds unprintable text, {text!r}"


def _output_problems(outputs: tuple[OutputSpec, ...]) -> Iterator[str]:
    meanings = [output.meaning for output in outputs]
    names = [output.name for output in outputs]
    if len(set(meanings)) != len(meanings):
        yield "two outputs have the same meaning"
    if len(set(names)) != len(names):
        yield "two outputs have the same name"
    if "opinions" not in meanings:
        yield "no output has the meaning 'opinions'"
    for output in outputs:
        if output.meaning == "photo" and output.size != 1:
            yield f"the output {output.name!r} has {output.size} values; 'photo' is one"
        if len(output.labels) != (output.size if output.meaning == "faults" else 0):
            yield f"the output {output.name!r} has {len(output.labels)} labels for {output.size} values"
        if len(set(output.labels)) != len(output.labels):
            yield f"two labels of the output {output.name!r} are the same"


def _input_problems(spec: InputSpec) -> Iterator[str]:
    if spec.fit == "stretch":
        if spec.height is None or spec.width is None or spec.settings or spec.multiple != 1:
            yield "input.fit 'stretch' needs height, width, the multiple 1 and no settings"
        return
    if spec.height is not None or spec.width is not None or not spec.settings:
        yield "input.fit 'keep-aspect' needs settings, and neither height nor width"
    names = [setting.name for setting in spec.settings]
    if len(set(names)) != len(names) or "" in names:
        yield "input.settings need different names, none empty"
    for setting in spec.settings:
        for height, width in setting.sizes:
            if height * width > setting.max_pixels or height % spec.multiple or width % spec.multiple:
                yield (
                    f"the size {height} x {width} of the setting {setting.name!r} does not keep its "
                    "max_pixels and input.multiple"
                )


def _golden_problems(contract: ModelContract) -> Iterator[str]:
    settings = [setting.name for setting in contract.input.settings] or [""]
    if [case.setting for case in contract.golden.cases] != settings:
        yield f"golden.cases are not those of the settings {settings}"
    sizes = {output.meaning: output.size for output in contract.outputs}
    for case in contract.golden.cases:
        if len(case.faults) != sizes.get("faults", 0):
            yield "golden.cases.*.faults and the labels of the faults differ in number"
        if (case.photo is None) == ("photo" in sizes):
            yield "golden.cases.*.photo is null although there is such an output, or the reverse"


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{number}")
