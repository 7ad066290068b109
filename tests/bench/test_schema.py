from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobileiqa_bench.compare import compare_documents
from mobileiqa_bench.errors import BenchmarkFileInvalid
from mobileiqa_bench.schema import Srcc, parse, read_document, to_json
from mobileiqa_bench.summary import summary_table
from mobileiqa_sdk.errors import MobileIQAError

from . import make


def whole() -> dict[str, Any]:
    """A document with every part there is, as a reader gets it."""
    full = make.result(
        layers=[make.layer("stem", 0.1)],
        ratio={"to": "eager", "time": {"value": 0.5, "low": None, "high": 0.6}, "peak_rss": None},
        srcc={"value": 0.9, "of": "with people"},
        throughput=[{"processes": 2, "photos_per_second": 12.5}],
        sha256="0" * 64,
        unit={"declared": "nnapi", "used": "cpu", "reason": "the golden score is wrong"},
        cool_down_seconds=30,
        thermal={"status_before": 0, "status_after": 1, "celsius_before": 30.5, "celsius_after": None},
        accuracy={"pictures": "waves-1", "scores": [0.5], "reference": [0.5], "tolerance": 1e-4},
        battery={"charging": False, "percent": 1, "microampere_hours": 900, "volts": 3.9, "photos": 7},
        verdict={"valid": False, "reasons": [{"kind": "hot", "text": "the thermal status reached 1"}]},
        sustained=[{"second": 0, "median": 0.1, "p90": 0.2, "temperature_c": None, "mhz": 800}],
    )
    peaks = {
        "threads": 1,
        "fp32_macs_per_second": 1e9,
        "int8_macs_per_second": 2e9,
        "bandwidth": [{"working_set_bytes": 1024, "bytes_per_second": 1e9}],
    }
    values: dict[str, Any] = json.loads(to_json(make.document(full, make.failed(), peaks=[peaks])))
    return values


def changed(path: Sequence[Any], value: Any) -> str:
    """The document as JSON, with one of its values replaced."""
    values = whole()
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(values)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(whole()))
    assert json.loads(to_json(read_document(file))) == whole()


def test_keys_may_be_added_anywhere() -> None:
    values = whole()
    values["note"] = values["results"][0]["note"] = values["results"][0]["seconds"]["note"] = "mine"
    assert parse(json.dumps(values), "a.json") == parse(json.dumps(whole()), "a.json")


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every key of every object."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in [(*path, key), *paths(inner, (*path, key))]]
    if isinstance(value, list):
        return [one for index, inner in enumerate(value) for one in paths(inner, (*path, index))]
    return []


FREE = {("environment",), ("settings",)}
OPTIONAL = {
    "layers", "srcc", "peaks", "rounds", "ratio", "p99", "reload", "sha256", "unit", "reason",
    "cool_down_seconds", "thermal", "accuracy", "battery", "verdict",
}  # fmt: skip
REQUIRED = [path for path in paths(whole()) if path[:1] not in FREE and path[-1] not in OPTIONAL]


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(map(str, path)))
def test_every_missing_key_is_named(path: tuple[Any, ...]) -> None:
    values = whole()
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    with pytest.raises(BenchmarkFileInvalid) as caught:
        parse(json.dumps(values), "a.json")
    assert str(caught.value).startswith("a.json: ")
    if path not in (("kind",), ("schema",)):
        assert f"`{path[-1]}`" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("results", 0, "threads"), True),
        (("results", 0, "threads"), 1.0),
        (("results", 0, "threads"), 0),
        (("results", 0, "label"), None),
        (("results", 0, "flags"), "none"),
        (("results", 0, "score"), 1.5),
        (("results", 0, "size_bytes"), -1),
        (("results", 0, "size_bytes"), 10**400),
        (("results", 0, "seconds", "load"), "fast"),
        (("results", 0, "seconds", "inference"), None),
        (("results", 0, "seconds", "inference", "median"), 0),
        (("results", 0, "seconds", "inference", "values"), []),
        (("results", 0, "srcc", "value"), 1.01),
        (("results", 0, "layers", 0, "arithmetic"), "fp8"),
        (("peaks", 0, "bandwidth"), []),
        (("peaks", 0, "fp32_macs_per_second"), 0),
        (("environment",), []),
    ],
)
def test_values_of_other_types_and_ranges_are_named(path: tuple[Any, ...], value: Any) -> None:
    where = "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
    with pytest.raises(BenchmarkFileInvalid) as caught:
        parse(changed(path, value), "a.json")
    assert f"`{where}`" in str(caught.value)


def test_ends_of_ranges_are_accepted() -> None:
    assert parse(changed(("results", 0, "score"), 1), "a").results[0].score == 1
    assert parse(changed(("results", 0, "size_bytes"), 0), "a").results[0].size_bytes == 0
    assert parse(changed(("results", 0, "srcc", "value"), -1), "a").results[0].srcc == Srcc(
        value=-1, of="with people"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "\udcff",
        '{"kind": "mobileiqa-benchmark", "schema": 2}',
        '{"kind": "mobileiqa-benchmark", "schema": true}',
        '{"kind": "mobileiqa-benchmark", "schema": 1.0}',
        '{"kind": "mobileiqa-benchmark", "schema": 1}',
        '{"kind": NaN}',
        '{"kind": 1e999}',
        "[" * 100_000,
        '{"a": ' * 100_000,
    ],
    ids=lambda text: text[:50],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(BenchmarkFileInvalid) as caught:
        read_document(file)
    assert str(file) in str(caught.value)
    assert isinstance(caught.value, MobileIQAError)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFileInvalid, match=r"none\.json"):
        read_document(tmp_path / "none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PACKAGES = [("environment", name) for name in ("cpus", "packages", "cpu")] + [
    ("settings", name) for name in ("rounds", "photo")
]


@given(path=st.sampled_from(paths(whole()) + PACKAGES), value=JSON)
def test_anything_anywhere_is_refused_by_name_or_can_be_shown(path: tuple[Any, ...], value: Any) -> None:
    """A file that was read can be listed and compared: no value in it breaks that."""
    try:
        document = parse(changed(path, value), "a.json")
    except BenchmarkFileInvalid:
        return
    original = parse(json.dumps(whole()), "b.json")
    for text in (
        summary_table(document, markdown=True),
        compare_documents(original, document).table(),
        compare_documents(document, original).table(),
    ):
        assert "\x1b" not in text
