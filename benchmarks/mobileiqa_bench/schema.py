"""The benchmark file, schema 1: its shape as types, checked when a file is read. docs/benchmark.md says more.

Several programs write such files: `mobileiqa benchmark`, the script for boards, the Android app. A key
may be added at any place; none of the required ones may be missing.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from .errors import BenchmarkFileInvalid

SCHEMA = 1
KIND = "mobileiqa-benchmark"


class _Distribution(TypedDict):
    median: float
    p90: float
    min: float
    mad: float
    values: list[float]


class Distribution(_Distribution, total=False):
    """Seconds of the steady state: of all runs after warm-up.

    `mad` is the median absolute deviation from the median, not scaled. `rounds` are the medians of the
    rounds, in their order; bootstrap intervals are over those.
    """

    rounds: list[float]


class Seconds(TypedDict):
    """Wall-clock seconds. `first` is the first inference; a step that was not taken is null."""

    load: float
    first: float
    inference: Distribution
    decode: Distribution | None
    resize: Distribution | None


class Memory(TypedDict):
    """Bytes of the whole process; null where the system does not say."""

    peak_rss_bytes: int | None
    rss_after_load_bytes: int | None
    private_bytes: int | None
    peak_pss_bytes: int | None


class GoldenFound(TypedDict):
    """The contract's golden image, scored in the same process."""

    expected: float
    found: float
    tolerance: float
    ok: bool


class Throughput(TypedDict):
    """Photos scored by so many processes at once."""

    processes: int
    photos_per_second: float


class Window(TypedDict):
    """A window of a sustained run: seconds since its start, and seconds of an inference in it."""

    second: float
    median: float
    p90: float
    temperature_c: float | None
    mhz: float | None


class Layer(TypedDict):
    """A node of the graph that the runtime executes: seconds (median), multiply-accumulates, bytes moved.

    `floor` is the least time this machine's peaks allow, in seconds, and `efficiency` floor / seconds.
    """

    name: str
    module: str
    op: str
    arithmetic: Literal["fp32", "int8"]
    seconds: float
    macs: int
    bytes: int
    floor: float
    efficiency: float


class Srcc(TypedDict):
    """SRCC of the configuration, and of what with what."""

    value: float
    of: str


class Interval(TypedDict):
    """A ratio and its 95 % bootstrap interval; null where there is but one round."""

    value: float
    low: float | None
    high: float | None


class RatioTo(TypedDict):
    """A result over the one whose label is `to`: time of an inference, peak resident memory."""

    to: str
    time: Interval | None
    peak_rss: float | None


class _Result(TypedDict):
    label: str
    artifact: str
    model: str
    version: str
    runtime: str
    precision: str
    threads: int
    error: str | None
    flags: list[str]
    size_bytes: int | None
    golden: GoldenFound | None
    score: float | None
    seconds: Seconds | None
    memory: Memory | None
    throughput: list[Throughput] | None
    sustained: list[Window] | None
    energy_joules_per_photo: float | None


class Result(_Result, total=False):
    """One configuration. `seconds` and `memory` are null where `error` says why.

    A result from another machine than the rest, a phone, has an `environment` of its own.
    """

    environment: dict[str, Any]
    layers: list[Layer]
    srcc: Srcc | None
    ratio: RatioTo


class Bandwidth(TypedDict):
    """Bytes a second, read and written, of a copy whose source and target together are so large."""

    working_set_bytes: int
    bytes_per_second: float


class Peaks(TypedDict):
    """The most this machine did in this run on so many threads."""

    threads: int
    fp32_macs_per_second: float
    int8_macs_per_second: float
    bandwidth: list[Bandwidth]


class _Document(TypedDict):
    schema: int
    kind: str
    environment: dict[str, Any]
    settings: dict[str, Any]
    results: list[Result]
    flags: list[str]


class Document(_Document, total=False):
    """A whole benchmark."""

    peaks: list[Peaks]


def to_json(document: Document) -> str:
    """The document as JSON text."""
    return json.dumps(document, indent=2, allow_nan=False)


def read(path: str | Path) -> Document:
    """Read a benchmark file. Raises BenchmarkFileInvalid."""
    try:
        values = json.loads(Path(path).read_bytes(), parse_constant=_no_constant)
    except OSError as error:
        raise BenchmarkFileInvalid(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BenchmarkFileInvalid(f"{path}: is not JSON ({error})") from error
    return check(values, str(path))


def check(values: Any, source: str) -> Document:
    """The value, known to be a document; `source` names it in errors. Raises BenchmarkFileInvalid."""
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise BenchmarkFileInvalid(
            f"{source}: is no MobileIQA benchmark; `mobileiqa benchmark --json` makes one"
        )
    if values.get("schema") != SCHEMA or isinstance(values["schema"], bool):
        raise BenchmarkFileInvalid(
            f"{source}: benchmark schema {values.get('schema')!r}; this version reads schema {SCHEMA}. "
            "Upgrade mobileiqa-sdk or measure again"
        )
    if flaw := _flaw(values, Document, ""):
        raise BenchmarkFileInvalid(f"{source}: {flaw}")
    document: Document = values  # type: ignore[assignment]  # what _flaw has just found out
    return document


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _flaw(value: Any, kind: Any, where: str) -> str | None:
    """What is wrong with a value that should be of a type of this module, or None."""
    if kind is Any:
        return None
    if is_typeddict(kind):
        return _flaw_of_object(value, kind, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _flaw(value, inner[0], where)
    if origin is Literal:
        return None if value in inner else f"{where} is {value!r}, not one of {', '.join(map(str, inner))}"
    if origin is list:
        if not isinstance(value, list):
            return f"{where} is no list"
        flaws = (_flaw(item, inner[0], f"{where}[{number}]") for number, item in enumerate(value))
        return next((flaw for flaw in flaws if flaw), None)
    return None if _is(value, origin or kind) else f"{where} is {value!r}, not {(origin or kind).__name__}"


def _flaw_of_object(value: Any, kind: Any, where: str) -> str | None:
    if not isinstance(value, dict):
        return f"{where or 'it'} is no object"
    missing = sorted(kind.__required_keys__ - value.keys())
    if missing:
        return f"{f'{where} has' if where else 'it has'} no {missing[0]!r}"
    hints = get_type_hints(kind)
    flaws = (
        _flaw(value[key], hint, f"{where}.{key}" if where else key)
        for key, hint in hints.items()
        if key in value
    )
    return next((flaw for flaw in flaws if flaw), None)


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return type(value) is int or (isinstance(value, float) and math.isfinite(value))
    if kind is int:
        return type(value) is int
    return isinstance(value, kind)
