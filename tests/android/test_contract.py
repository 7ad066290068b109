"""Contracts as the core reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.reduction import reduction

from ..sdk import artifacts
from .toolbox import JavaError, Jvm

REFUSALS = ("ContractException", "UnsupportedContractException")
quick = settings(deadline=None, max_examples=150)
texts = st.text(st.characters(exclude_categories=[]), max_size=20)  # halves of surrogate pairs too


def parsed(pure: Jvm, contract: Any) -> Any:
    return pure.call("contract", text=contract if isinstance(contract, str) else json.dumps(contract))


def camel(values: Any) -> Any:
    """JSON values with keys as Java's fields are called."""
    if isinstance(values, dict):
        return {re.sub("_(.)", lambda m: m[1].upper(), key): camel(value) for key, value in values.items()}
    return [camel(value) for value in values] if isinstance(values, list) else values


def common(expected: Any, answer: Any) -> Any:
    """The part of a contract's JSON that Java has fields for."""
    if isinstance(expected, dict):
        return {key: common(expected[key], answer[key]) for key in expected if key in answer}
    if isinstance(expected, list) and expected and isinstance(expected[0], dict):
        return [common(*pair) for pair in zip(expected, answer, strict=True)]
    return expected


def upgraded(contract: dict[str, Any]) -> dict[str, Any]:
    """A contract in schema 3, as Python reads it."""
    values: dict[str, Any] = json.loads(ModelContract.from_json(json.dumps(contract), "test").to_json())
    return values


COMPUTE = ["fp32", "int8, ranges at run time", "int8, calibrated", "fp32; drift allowed", "as int8 does"]
READ = {
    "schema 3": artifacts.contract(opinions=5, input={"decode": "jpeg-reduced"}),
    "failed": artifacts.contract(verification={"passed": False, "failures": ["drift", "golden"]}),
    "static": artifacts.contract(precision={"weights": "int8", "activations": "static-int8", "note": "?"}),
    "free text": artifacts.contract_v2(precision={"weights": "mixed"}),
    "views": artifacts.contract_v2(output={"opinions": 5}),
    **{f"schema 2: {text}": artifacts.contract_v2(precision={"compute": text}) for text in COMPUTE},
}


@pytest.mark.parametrize("contract", READ.values(), ids=READ.keys())
def test_a_contract_is_read_as_in_python(pure: Jvm, contract: dict[str, Any]) -> None:
    answer = parsed(pure, contract)
    expected = camel(upgraded(contract))
    assert common(expected, answer) == common(answer, expected)
    assert answer["precision"] == expected["precision"]
    assert answer["verification"] == expected["verification"]
    assert answer["golden"]["cases"] == expected["golden"]["cases"]
    assert answer["model"] == expected["model"]


def test_a_contract_that_keeps_aspect_ratios(pure: Jvm) -> None:
    answer = parsed(pure, artifacts.free_contract())
    assert answer["input"]["fit"] == "keep-aspect"
    assert [setting["maxPixels"] for setting in answer["input"]["settings"]] == [4096, 16384]
    assert [output["meaning"] for output in answer["outputs"]] == ["opinions", "faults", "photo"]


@pytest.mark.parametrize(("setting", "expected"), [(None, 8), ("fast", 8), ("high", 4)])
def test_a_setting_decides_the_scale(pure: Jvm, setting: str | None, expected: int) -> None:
    """Of a photo of 1200x800 pixels: 4,096 and 16,384 of them are 64x64 and 96x128 or so."""
    contract = json.dumps(artifacts.free_contract(decode="jpeg-reduced"))
    assert pure.call("reduction", text=contract, width=1200, height=800, setting=setting) == expected


@pytest.mark.parametrize("contract", [artifacts.free_contract(), artifacts.contract()])
def test_a_setting_that_the_model_lacks(pure: Jvm, contract: dict[str, Any]) -> None:
    with pytest.raises(JavaError, match='IllegalArgumentException: unknown setting "best"'):
        pure.call("reduction", text=json.dumps(contract), width=90, height=90, setting="best")


def paths(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every key below the sections."""
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(key, str) and path:
            yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from paths(value, (*path, key))


KEYS = [(make, path) for make in (artifacts.contract, artifacts.contract_v2) for path in paths(make())]


@pytest.mark.parametrize(("make", "path"), KEYS)
def test_every_key_is_needed(pure: Jvm, make: Callable[[], Any], path: tuple[str | int, ...]) -> None:
    changes: tuple[Any, ...] = ("missing", {}, "\x07")
    for change in changes:
        if change == "\x07" and make is artifacts.contract_v2 and path[-1] == "weights":
            continue  # free text in schema 2, and not kept
        contract = make()
        part = contract
        for key in path[:-1]:
            part = part[key]
        if change == "missing":
            del part[path[-1]]
        else:
            part[path[-1]] = change
        with pytest.raises(JavaError) as caught:
            parsed(pure, contract)
        assert caught.value.name in REFUSALS
        if change == "missing":
            assert str(path[-1]) in caught.value.message


WRONG = [
    ("input", "height", 0, "ContractException"),
    ("input", "width", 8193, "ContractException"),
    ("input", "height", 12.0, "ContractException"),
    ("input", "height", True, "ContractException"),
    ("input", "height", 2**32 + 48, "ContractException"),
    ("input", "multiple", 2, "ContractException"),
    ("input", "layout", "NCHW", "UnsupportedContractException"),
    ("input", "channels", "BGR", "UnsupportedContractException"),
    ("input", "dtype", "float32", "UnsupportedContractException"),
    ("input", "resample", "bilinear", "UnsupportedContractException"),
    ("input", "decode", "quick", "UnsupportedContractException"),
    ("input", "fit", "crop", "UnsupportedContractException"),
    ("input", "fit", "keep-aspect", "ContractException"),
    ("precision", "weights", "int2", "UnsupportedContractException"),
    ("precision", "activations", "fp8", "UnsupportedContractException"),
    ("golden", "formula", "triangles-2", "UnsupportedContractException"),
    ("golden", "height", 31, "ContractException"),
    ("golden", "input_sha256", "0" * 63 + "G", "ContractException"),
    ("golden", "score", 1.01, "ContractException"),
    ("golden", "score", "0.5", "ContractException"),
    ("golden", "score", True, "ContractException"),
    ("golden", "tolerance", 0, "ContractException"),
    ("golden", "tolerance", 1.0, "ContractException"),
    ("verification", "passed", False, "ContractException"),
]


@pytest.mark.parametrize(("section", "key", "value", "name"), WRONG)
def test_a_value_that_makes_no_sense(pure: Jvm, section: str, key: str, value: Any, name: str) -> None:
    sections = {section: {key: value}}
    contract = artifacts.contract(artifacts.HEIGHT, artifacts.WIDTH, opinions=1, **sections)
    with pytest.raises(JavaError) as caught:
        parsed(pure, contract)
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("minimum", 1),
        ("maximum", 5.0),
        ("higher_is_better", False),
        ("size", 0),
        ("size", 1025),
        ("size", 1.0),
    ],
)
def test_an_output_that_makes_no_sense(pure: Jvm, key: str, value: Any) -> None:
    contract = artifacts.contract()
    contract["outputs"][0][key] = value
    with pytest.raises(JavaError) as caught:
        parsed(pure, contract)
    assert caught.value.name in REFUSALS
    assert key in caught.value.message


@pytest.mark.parametrize(
    ("contract", "name", "word"),
    [
        ("", "ContractException", "JSON"),
        ("[]", "ContractException", "object"),
        ("{}", "UnsupportedContractException", "null"),
        ({**artifacts.contract(), "schema": 1}, "UnsupportedContractException", "1"),
        ({**artifacts.contract(), "schema": 4}, "UnsupportedContractException", "4"),
        ({**artifacts.contract(), "schema": True}, "UnsupportedContractException", "true"),
        ({**artifacts.contract(), "schema": 2.0}, "UnsupportedContractException", "2.0"),
        ({**artifacts.contract(), "more": {}}, "ContractException", "more"),
        ({**artifacts.contract_v2(), "more": 1}, "ContractException", "more"),
        ({**artifacts.contract(), "model": []}, "ContractException", "model"),
        (artifacts.contract(input={"mean": 0}), "ContractException", "input.mean"),
        (artifacts.contract_v2(input={"mean": 0}), "ContractException", "input.mean"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_no_contract(pure: Jvm, contract: Any, name: str, word: str) -> None:
    with pytest.raises(JavaError) as caught:
        parsed(pure, contract)
    assert caught.value.name == name
    assert word in caught.value.message


@quick
@given(st.data())
def test_damaged_contracts_are_refused_or_read(pure: Jvm, data: st.DataObject) -> None:
    text = json.dumps(artifacts.contract())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 10, len(text))))
    try:
        parsed(pure, text[:start] + data.draw(texts) + text[end:])
    except JavaError as error:
        if error.name not in REFUSALS:
            raise


@quick
@given(st.integers(1, 1200), st.integers(1, 900), st.sampled_from(["full", "jpeg-reduced"]))
@example(180, 136, "jpeg-reduced")
@example(179, 136, "jpeg-reduced")
@example(180, 135, "jpeg-reduced")
def test_how_much_smaller_a_jpeg_is_decoded(pure: Jvm, width: int, height: int, decode: str) -> None:
    contract = artifacts.contract(input={"decode": decode})
    fit = (contract["input"]["height"], contract["input"]["width"])
    expected = reduction((width, height), fit) if decode == "jpeg-reduced" else 1
    actual = pure.call("reduction", text=json.dumps(contract), width=width, height=height)
    assert actual == expected
