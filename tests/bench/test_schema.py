from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobileiqa_bench.errors import BenchmarkFileInvalid
from mobileiqa_bench.schema import check, read, to_json
from mobileiqa_sdk.errors import MobileIQAError

from . import make


def whole() -> dict[str, Any]:
    """A document with every part there is, as a reader gets it."""
    full = make.result(
        layers=[make.layer("stem", 0.1)],
        ratio={"to": "eager", "time": {"value": 0.5, "low": None, "high": 0.6}, "peak_rss": None},
        srcc={"value": 0.9, "of": "with people"},
        throughput=[{"processes": 2, "photos_per_second": 12.5}],
        sustained=[{"second": 0, "median": 0.1, "p90": 0.2, "temperature_c": None, "mhz": 800}],
    )
    peaks = {"threads": 1, "fp32_macs_per_second": 1e9, "int8_macs_per_second": 2e9, "bandwidth": []}
    values: dict[str, Any] = json.loads(to_json(make.document(full, make.failed(), peaks=[peaks])))
    return values


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole()))
    assert read(path) == whole()


def test_keys_may_be_added_anywhere() -> None:
    values = whole()
    values["note"] = values["results"][0]["note"] = values["results"][0]["seconds"]["note"] = "mine"
    assert check(values, "a.json")["results"][0]["label"] == "ours"


def paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every key of every object."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in [(*way, key), *paths(inner, (*way, key))]]
    if isinstance(value, list):
        return [one for index, inner in enumerate(value) for one in paths(inner, (*way, index))]
    return []


FREE = {("environment",), ("settings",)}
OPTIONAL = {"layers", "srcc", "peaks", "rounds", "ratio"}
REQUIRED = [way for way in paths(whole()) if way[:1] not in FREE and way[-1] not in OPTIONAL]


@pytest.mark.parametrize("way", REQUIRED, ids=lambda way: ".".join(map(str, way)))
def test_every_missing_key_is_named(way: tuple[Any, ...]) -> None:
    values = whole()
    inner = values
    for step in way[:-1]:
        inner = inner[step]
    del inner[way[-1]]
    with pytest.raises(BenchmarkFileInvalid) as caught:
        check(values, "a.json")
    assert str(caught.value).startswith("a.json: ")
    if len(way) > 1:
        assert f"no {way[-1]!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (("results", 0, "threads"), True, "results[0].threads is True, not int"),
        (("results", 0, "threads"), 1.0, "results[0].threads is 1.0, not int"),
        (("results", 0, "label"), None, "results[0].label is None, not str"),
        (("results", 0, "flags"), "none", "results[0].flags is no list"),
        (("results", 0, "seconds", "load"), "fast", "results[0].seconds.load is 'fast', not float"),
        (("results", 0, "seconds", "inference"), None, "results[0].seconds.inference is no object"),
        (("results", 0, "layers", 0, "arithmetic"), "fp8", "is 'fp8', not one of fp32, int8"),
        (("environment",), [], "environment is [], not dict"),
    ],
)
def test_values_of_other_types_are_named(way: tuple[Any, ...], value: Any, said: str) -> None:
    values = whole()
    inner = values
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    with pytest.raises(BenchmarkFileInvalid) as caught:
        check(values, "a.json")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("[]", "is no MobileIQA benchmark"),
        ("{}", "is no MobileIQA benchmark"),
        ('{"kind": "mobileiqa-benchmark", "schema": 2}', "schema 2; this version reads schema 1"),
        ('{"kind": "mobileiqa-benchmark", "schema": true}', "schema True"),
        ('{"kind": NaN}', "NaN is no number"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(BenchmarkFileInvalid, match=r"a\.json: ") as caught:
        read(path)
    assert said in str(caught.value)
    assert isinstance(caught.value, MobileIQAError)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFileInvalid, match="cannot be read: No such file"):
        read(tmp_path / "none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(way=st.sampled_from(paths(whole())), value=JSON)
def test_anything_anywhere_is_read_or_refused_by_name(way: tuple[Any, ...], value: Any) -> None:
    values = copy.deepcopy(whole())
    inner = values
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    with suppress(BenchmarkFileInvalid):
        assert check(values, "a.json") is values
