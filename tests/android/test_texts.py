"""JSON, contracts, bands, statistics, rankings and reports of the core, next to Python's."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobileiqa_bench.schema import parse
from mobileiqa_bench.verdict import judge
from mobileiqa_sdk import band
from mobileiqa_sdk._text import printable

from ..sdk import artifacts
from .toolbox import JavaError, Jvm

quick = settings(deadline=None, max_examples=150)
texts = st.text(st.characters(exclude_categories=[]), max_size=20)  # halves of surrogate pairs too
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@quick
@given(values, st.booleans())
def test_json_comes_back(pure: Jvm, value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=True if ascii_only else not _encodable(value))
    assert pure.call("json", text=text) == value


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


NOT_JSON = [
    *("", " ", "{", "}", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{]", '{"a"}', '{"a":}', '{"a":1,}'),
    *("{a:1}", "{1:2}", "'a'", '"a', '"\\x"', '"\\u12"', '"\\u12G4"', '"a\nb"', '"\\', '"\t"', "tru", "nul"),
    *("True", "NaN", "Infinity", "-Infinity", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1"),
    *("1 2", "[] []", "// no\n1", "[1] x", "\ufeff1", '{"a":1 "b":2}', "1e999", "-1e999", "\uff11"),
    *('{"a": 1, "a": 2}', "[" * 100, "[" * 100_000, '{"a":' * 100_000, "[" * 66 + "]" * 66),
]


@pytest.mark.parametrize("text", NOT_JSON, ids=lambda text: repr(text[:12]))
def test_what_is_not_json(pure: Jvm, text: str) -> None:
    with pytest.raises(JavaError) as caught:
        pure.call("json", text=text)
    assert caught.value.name == "JsonException"


def test_json_to_the_greatest_depth(pure: Jvm) -> None:
    # The answer is one list deeper than the value; the limit holds for writing it too.
    assert pure.call("json", text="[" * 63 + "]" * 63) == json.loads("[" * 63 + "]" * 63)


@pytest.mark.parametrize("number", ["9223372036854775808", "-1e3", "0.1", "1E+2", "-0", "-0.0", "5e-324"])
def test_numbers(pure: Jvm, number: str) -> None:
    assert pure.call("json", text=number) == json.loads(number)


@quick
@given(st.floats(0, 1))
def test_bands(pure: Jvm, score: float) -> None:
    assert pure.call("band", score=score).lower() == band(score)


def test_bands_at_their_edges(pure: Jvm) -> None:
    for edge in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        for score in (math.nextafter(edge, 0), edge, min(math.nextafter(edge, 2), 1.0)):
            assert pure.call("band", score=score).lower() == band(score)
    for score in (-1e-9, 1.0000001, 2, -5):
        with pytest.raises(JavaError, match=r"^IllegalArgumentException: "):
            pure.call("band", score=score)


@quick
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_statistics(pure: Jvm, values: list[float]) -> None:
    median = float(np.median(values))
    assert pure.call("statistics", values=values) == {
        "median": median,
        "p90": float(np.percentile(values, 90)),
        "p99": float(np.percentile(values, 99)),
        "min": min(values),
        "mad": float(np.median(np.abs(np.array(values) - median))),
    }


def test_statistics_of_nothing(pure: Jvm) -> None:
    with pytest.raises(JavaError, match="IllegalArgumentException: no values"):
        pure.call("statistics", values=[])


names = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(',"\r\n=+-@\t'), max_size=10)


@quick
@given(st.lists(st.tuples(names, st.floats(0, 1)), max_size=6))
def test_rankings(pure: Jvm, photos: list[tuple[str, float]]) -> None:
    text = pure.call("csv", rows=photos)
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == ["rank", "photo", "score", "band"]
    assert [(row[0], float(row[2]), row[3]) for row in rows] == [
        (str(rank), score, band(score))
        for rank, score in enumerate(sorted((s for _, s in photos), reverse=True), start=1)
    ]
    best_first = sorted(photos, key=lambda photo: -photo[1])
    for row, (name, _) in zip(rows, best_first, strict=True):
        if name.isascii():
            assert row[1] == ("'" + printable(name) if name and name[0] in "=+-@" else printable(name))


def test_lines_end_as_rfc_4180_has_it(pure: Jvm) -> None:
    text = pure.call("csv", rows=[["a, b", 0.25], ['say "cheese".jpg', 0.75], ["=1+1", 0.5]])
    assert text == (
        "rank,photo,score,band\r\n"
        '1,"say ""cheese"".jpg",0.75,good\r\n'
        "2,'=1+1,0.5,fair\r\n"
        '3,"a, b",0.25,poor\r\n'
    )


def test_reasons_are_a_column_of_models_that_name_them(pure: Jvm) -> None:
    text = pure.call("csv", rows=[["a", 0.25, "too dark and noisy"], ["b", 0.75, ""]])
    assert text == "rank,photo,score,band,reason\r\n1,b,0.75,good,\r\n2,a,0.25,poor,too dark and noisy\r\n"


def report(pure: Jvm, **arguments: Any) -> Any:
    return json.loads(pure.call("report", label="phone", **arguments))


def test_a_report(pure: Jvm) -> None:
    contract = artifacts.contract()
    seconds = [0.3, 0.1, 0.2]
    actual = report(pure, contract=json.dumps(contract), values=seconds)
    assert actual.keys() == {"schema", "kind", "environment", "settings", "results", "flags"}
    assert (actual["schema"], actual["kind"], actual["flags"]) == (1, "mobileiqa-benchmark", [])
    (result,) = actual["results"]
    assert result == {
        "label": "phone",
        "artifact": "model.onnx",
        "model": contract["model"]["name"],
        "version": contract["model"]["version"],
        "runtime": "onnxruntime",
        "precision": "fp32",
        "threads": 2,
        "error": None,
        "flags": [],
        "size_bytes": 1234,
        "golden": {
            "expected": 0.25,
            "found": 0.2500001,
            "tolerance": 1e-4,
            "ok": True,
            "input_matches": True,
        },
        "score": 0.5,
        "seconds": {
            "load": 0.1,
            "first": 0.2,
            "inference": {
                "median": 0.2,
                "p90": float(np.percentile(seconds, 90)),
                "p99": float(np.percentile(seconds, 99)),
                "min": 0.1,
                "mad": pytest.approx(0.1),
                "values": seconds,
            },
            "decode": None,
            "resize": None,
            "reload": {"median": 0.05, "p90": 0.05, "p99": 0.05, "min": 0.05, "mad": 0, "values": [0.05]},
        },
        "memory": {
            "peak_rss_bytes": None,
            "rss_after_load_bytes": None,
            "private_bytes": None,
            "peak_pss_bytes": 5000,
        },
        "throughput": None,
        "sustained": [
            {"second": 10, "median": pytest.approx(0.3), "p90": 0.38, "temperature_c": 31, "mhz": None}
        ],
        "energy_joules_per_photo": pytest.approx(1000e-6 * 3600 * 4 / 20),
        "sha256": 32 * "0f",
        "unit": {"declared": "nnapi", "used": "cpu", "reason": "wrong"},
        "cool_down_seconds": 30,
        "thermal": {"status_before": 0, "status_after": 1, "celsius_before": None, "celsius_after": 30.5},
        "accuracy": {"pictures": "waves-1", "scores": [0.25, 0.5], "reference": None, "tolerance": 1e-4},
        "battery": {
            "charging": False,
            "percent": 1,
            "microampere_hours": 1000,
            "volts": 4,
            "photos": 20,
        },
        "verdict": actual["results"][0]["verdict"],
    }
    as_python_reads_it = parse(json.dumps(actual), "it").results[0]
    assert as_python_reads_it.verdict == judge(as_python_reads_it)


def test_a_report_of_a_failure(pure: Jvm) -> None:
    (result,) = report(pure, failure="model.onnx: no such file")["results"]
    assert result["error"] == "model.onnx: no such file"
    assert result["model"] == result["version"] == result["precision"] == ""
    nothing = ("golden", "score", "seconds", "memory", "size_bytes")
    assert all(result[key] is None for key in nothing)
    whole = report(pure, contract=json.dumps(artifacts.contract()), values=[1.0])["results"][0]
    assert copy.copy(result).keys() == whole.keys()
