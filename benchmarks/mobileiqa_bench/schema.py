"""The benchmark file, schema 1: its parts as types, checked when a file is read. See docs/benchmark.md.

Several programs write such files: `mobileiqa benchmark`, the script for boards, the Android app. Keys may be
added anywhere; a reader ignores those it does not know. None of the required ones may be missing.

The classes check nothing when they are made in Python. :func:`parse` checks everything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from .errors import BenchmarkFileInvalid

SCHEMA: Final = 1
KIND: Final = "mobileiqa-benchmark"

_Duration = Annotated[float, msgspec.Meta(ge=1e-9, le=1e9)]
"""Seconds of something that was timed: a nanosecond to thirty years, so that ratios are finite."""
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_Rate = Annotated[float, msgspec.Meta(ge=1e-9, le=1e30)]
_Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the file: immutable, compared by value. Fields with a default may be missing."""


class Distribution(_Part, frozen=True):
    """Seconds of all counted runs.

    Attributes:
        median: of the values, like the next three.
        p90: their 90th percentile, linear between neighbours.
        min: the smallest.
        mad: median absolute deviation from the median, not scaled.
        values: of each run.
        rounds: the median of each round, in order; bootstrap intervals are over those.
        p99: as `p90`; None in files of earlier versions.
    """

    median: _Duration
    p90: _Duration
    min: _Duration
    mad: _Seconds
    values: Annotated[tuple[_Duration, ...], msgspec.Meta(min_length=1)]
    rounds: tuple[_Duration, ...] = ()
    p99: _Duration | None = None


class Seconds(_Part, frozen=True):
    """Wall-clock seconds; a step that was not taken is None.

    Attributes:
        load: opening the model for the first time in a process.
        first: the first inference.
        reload: opening it again in the same process.
    """

    load: _Seconds
    first: _Seconds
    inference: Distribution
    decode: Distribution | None
    resize: Distribution | None
    reload: Distribution | None = None


class Memory(_Part, frozen=True):
    """Bytes of the whole process; None if the system does not report them."""

    peak_rss_bytes: _Bytes | None
    rss_after_load_bytes: _Bytes | None
    private_bytes: _Bytes | None
    peak_pss_bytes: _Bytes | None


class GoldenScore(_Part, frozen=True):
    """The score of the contract's golden image in the measured process; the file calls it `found`."""

    expected: _Unit
    score: _Unit = msgspec.field(name="found")
    tolerance: float
    ok: bool


class Throughput(_Part, frozen=True):
    """Photos per second, scored by several processes at once."""

    processes: _Count
    photos_per_second: _Rate


class Window(_Part, frozen=True):
    """A window of a sustained run.

    Attributes:
        second: since the start of the run, at the window's end.
        median: seconds of an inference in it.
        p90: likewise.
        temperature_c: degrees Celsius at its end.
        mhz: clock frequency at its end.
    """

    second: _Seconds
    median: _Duration
    p90: _Duration
    temperature_c: float | None
    mhz: float | None


class Unit(_Part, frozen=True):
    """What computes: `cpu`, `xnnpack`, `nnapi`, or `coreml` where Core ML chooses.

    Attributes:
        declared: what was asked for.
        used: what ran.
        reason: why they differ; None if they do not.
    """

    declared: str
    used: str
    reason: str | None = None


class Thermal(_Part, frozen=True):
    """The heat before the first counted run and after the last; None if the system does not report it.

    Attributes:
        status_before, status_after: Android's thermal status, from 0 (none) to 6 (shutdown).
        celsius_before, celsius_after: of the hottest CPU zone, on phones of the battery.
    """

    status_before: Annotated[int, msgspec.Meta(ge=0, le=6)] | None
    status_after: Annotated[int, msgspec.Meta(ge=0, le=6)] | None
    celsius_before: float | None
    celsius_after: float | None


class Battery(_Part, frozen=True):
    """What a sustained run took from the battery of a phone; None if the phone does not report it.

    Attributes:
        charging: whether the phone was charging when the run ended.
        percent: of the battery's charge, before minus after.
        microampere_hours: likewise.
        volts: of the battery when the run ended.
        photos: number of inferences of the run.
    """

    charging: bool | None
    percent: int | None
    microampere_hours: int | None
    volts: float | None
    photos: _Count


class Accuracy(_Part, frozen=True):
    """Scores of the pictures of :mod:`mobileiqa_bench.pictures` in the measured process.

    Attributes:
        pictures: name of the formula.
        scores: one for each picture.
        reference: those of the same file in the Python SDK; None if they were not compared.
        tolerance: the largest difference that the contract allows.
    """

    pictures: str
    scores: Annotated[tuple[_Unit, ...], msgspec.Meta(min_length=1)]
    reference: tuple[_Unit, ...] | None
    tolerance: float


ReasonKind: TypeAlias = Literal[
    "error",
    "golden",
    "verification",
    "runs",
    "spread",
    "slowdown",
    "hot",
    "cool-down",
    "unit",
    "accuracy",
    "throttled",
    "other-load",
    "steal",
    "run-queue",
    "capped",
    "background",
    "battery-saver",
    "emulated",
]


class Reason(_Part, frozen=True):
    """Why a result may not be quoted: `kind` for programs, `text` for people."""

    kind: ReasonKind
    text: str


class Verdict(_Part, frozen=True):
    """Whether a result may be quoted as it stands; `reasons` is empty if `valid`."""

    valid: bool
    reasons: tuple[Reason, ...]


class Layer(_Part, frozen=True):
    """A node of the graph that the runtime executes.

    Attributes:
        name: of the node.
        module: of the network that it belongs to.
        op: the operator's type.
        arithmetic: of its products.
        seconds: median of the profiled runs.
        macs: multiply-accumulates.
        bytes: read and written.
        floor: the least seconds that this machine's peaks allow.
        efficiency: `floor` divided by `seconds`.
    """

    name: str
    module: str
    op: str
    arithmetic: Literal["fp32", "int8"]
    seconds: _Seconds
    macs: _Bytes
    bytes: _Bytes
    floor: _Seconds
    efficiency: Annotated[float, msgspec.Meta(ge=0)]


class Srcc(_Part, frozen=True):
    """SRCC of a configuration; `of` names the two rankings, in words."""

    value: Annotated[float, msgspec.Meta(ge=-1, le=1)]
    of: str


class Interval(_Part, frozen=True):
    """A ratio and its 95 % bootstrap interval; None for the ends if there is only one round."""

    value: float
    low: float | None
    high: float | None


class RatioTo(_Part, frozen=True):
    """A result divided by the one whose label is `to`: time of an inference, peak resident memory."""

    to: str
    time: Interval | None
    peak_rss: float | None


class Result(_Part, frozen=True):
    """One configuration. If it failed, `error` says why, and what was not measured is None.

    Attributes:
        environment: of the machine, if it is not that of the document: a phone.
        sha256: hex digest of the model file; None for a folder.
        cool_down_seconds: idle time before each process that was measured.
    """

    label: str
    artifact: str
    model: str
    version: str
    runtime: str
    precision: str
    threads: _Count
    error: str | None
    flags: tuple[str, ...]
    size_bytes: _Bytes | None
    golden: GoldenScore | None
    score: _Unit | None
    seconds: Seconds | None
    memory: Memory | None
    throughput: tuple[Throughput, ...] | None
    sustained: tuple[Window, ...] | None
    energy_joules_per_photo: Annotated[float, msgspec.Meta(ge=0)] | None
    environment: dict[str, Any] | None = None
    layers: tuple[Layer, ...] = ()
    srcc: Srcc | None = None
    ratio: RatioTo | None = None
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    unit: Unit | None = None
    cool_down_seconds: _Seconds = 0.0
    thermal: Thermal | None = None
    accuracy: Accuracy | None = None
    battery: Battery | None = None
    verdict: Verdict | None = None


class Bandwidth(_Part, frozen=True):
    """Bytes per second, read and written, of a copy; source and target together are the working set."""

    working_set_bytes: _Bytes
    bytes_per_second: _Rate


class Peaks(_Part, frozen=True):
    """The most that this machine reached in this run on a number of threads."""

    threads: _Count
    fp32_macs_per_second: _Rate
    int8_macs_per_second: _Rate
    bandwidth: Annotated[tuple[Bandwidth, ...], msgspec.Meta(min_length=1)]


class Document(_Part, frozen=True):
    """A whole benchmark."""

    schema: int
    kind: str
    environment: dict[str, Any]
    settings: dict[str, Any]
    results: tuple[Result, ...]
    flags: tuple[str, ...]
    peaks: tuple[Peaks, ...] = ()


class _Header(msgspec.Struct):
    kind: Any = None
    schema: Any = None


def to_json(document: Document) -> str:
    """Returns the document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def read_document(path: str | Path) -> Document:
    """Reads a benchmark file.

    Raises:
        BenchmarkFileInvalid: it cannot be read, or see :func:`parse`.

    >>> read_document("missing.json")
    Traceback (most recent call last):
        ...
    mobileiqa_bench.errors.BenchmarkFileInvalid: missing.json: cannot be read: No such file or directory
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise BenchmarkFileInvalid(f"{path}: cannot be read: {error.strerror or error}") from error
    return parse(text, str(path))


def parse(text: str | bytes, source: str) -> Document:
    """Returns the document in a JSON text; ``source`` names it in errors.

    Raises:
        BenchmarkFileInvalid: it is not JSON, not a benchmark of this schema, or a value makes no sense.
    """
    try:
        header = msgspec.json.decode(text, type=_Header)
    except msgspec.ValidationError:  # JSON, but not an object
        header = _Header()
    except (ValueError, RecursionError) as error:
        raise BenchmarkFileInvalid(f"{source}: is not JSON ({error})") from error
    if header.kind != KIND:
        raise BenchmarkFileInvalid(
            f"{source}: is not a MobileIQA benchmark; `mobileiqa benchmark --json FILE` writes one"
        )
    if type(header.schema) is not int or header.schema != SCHEMA:
        raise BenchmarkFileInvalid(
            f"{source}: benchmark schema {header.schema!r}; this version reads schema {SCHEMA}. "
            "Upgrade mobileiqa-sdk or measure again"
        )
    try:
        return msgspec.json.decode(text, type=Document)
    except ValueError as error:
        raise BenchmarkFileInvalid(f"{source}: is not a valid benchmark: {error}") from error
