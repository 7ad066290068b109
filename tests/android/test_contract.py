"""Contracts as the core reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mobileiqa_sdk.reduction import reduction

from ..sdk import artifacts
from .toolbox import JavaError, Jvm

quick = settings(deadline=None, max_examples=150)
texts = st.text(st.characters(exclude_categories=[]), max_size=20)  # halves of surrogate pairs too


def parsed(pure: Jvm, contract: Any) -> Any:
    return pure.call("contract", text=contract if isinstance(contract, str) else json.dumps(contract))


def test_a_contract(pure: Jvm) -> None:
    contract = artifacts.contract(input={"decode": "jpeg-reduced"}, output={"opinions": 5})
    found = parsed(pure, contract)
    model, golden = contract["model"], contract["golden"]
    assert found == {
        "name": model["name"],
        "version": model["version"],
        "family": model["family"],
        "licence": model["licence"],
        "checkpointSha256": model["checkpoint_sha256"],
        "height": contract["input"]["height"],
        "width": contract["input"]["width"],
        "decode": "jpeg-reduced",
        "opinions": 5,
        "weights": contract["precision"]["weights"],
        "compute": contract["precision"]["compute"],
        "goldenFormula": golden["formula"],
        "goldenHeight": golden["height"],
        "goldenWidth": golden["width"],
        "goldenInputSha256": golden["input_sha256"],
        "goldenScore": golden["score"],
        "goldenTolerance": golden["tolerance"],
    }


KEYS = [
    f"{section}.{key}"
    for section, keys in artifacts.contract().items()
    if isinstance(keys, dict)
    for key in keys
]


@pytest.mark.parametrize("path", KEYS)
def test_every_key_is_needed_and_named(pure: Jvm, path: str) -> None:
    section, key = path.split(".")
    for change in ("missing", None, [], "\x07"):
        contract = artifacts.contract()
        if change == "missing":
            del contract[section][key]
        else:
            contract[section][key] = change
        with pytest.raises(JavaError) as caught:
            parsed(pure, contract)
        assert caught.value.name == "ContractException"
        assert path in caught.value.message


WRONG = [
    ("input.height", 0),
    ("input.width", 8193),
    ("input.height", 12.0),
    ("input.height", True),
    ("input.height", 2**32 + 48),
    ("input.layout", "NCHW"),
    ("input.channels", "BGR"),
    ("input.dtype", "float32"),
    ("input.resample", "bilinear"),
    ("input.decode", "quick"),
    ("output.minimum", 1),
    ("output.maximum", 5.0),
    ("output.higher_is_better", False),
    ("output.opinions", 0),
    ("output.opinions", 1025),
    ("output.opinions", 1.0),
    ("golden.formula", "triangles-2"),
    ("golden.height", 31),
    ("golden.input_sha256", "0" * 63 + "G"),
    ("golden.score", 1.01),
    ("golden.score", "0.5"),
    ("golden.score", True),
    ("golden.tolerance", 0),
    ("golden.tolerance", 1.0),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_that_makes_no_sense(pure: Jvm, path: str, value: Any) -> None:
    section, key = path.split(".")
    with pytest.raises(JavaError, match=f"ContractException: {path} is "):
        parsed(pure, artifacts.contract(**{section: {key: value}}))


@pytest.mark.parametrize(
    ("contract", "message"),
    [
        ("", "the contract is not JSON: ends too early"),
        ("[]", "the contract is not a JSON object"),
        ("{}", "schema is null"),
        ({**artifacts.contract(), "schema": 1}, "schema is 1, this app reads 2"),
        ({**artifacts.contract(), "schema": True}, "schema is true"),
        ({**artifacts.contract(), "schema": 2.0}, "schema is 2.0"),
        ({**artifacts.contract(), "more": {}}, "unexpected key: more"),
        ({**artifacts.contract(), "more": 1}, "unexpected key: more"),
        ({**artifacts.contract(), "model": []}, "model.name is missing"),
        (artifacts.contract(input={"mean": 0}), "unexpected key: input.mean"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_no_contract(pure: Jvm, contract: Any, message: str) -> None:
    with pytest.raises(JavaError) as caught:
        parsed(pure, contract)
    assert caught.value.name == "ContractException"
    assert message in caught.value.message


@quick
@given(st.data())
def test_damaged_contracts_are_refused_or_read(pure: Jvm, data: st.DataObject) -> None:
    text = json.dumps(artifacts.contract())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 10, len(text))))
    try:
        parsed(pure, text[:start] + data.draw(texts) + text[end:])
    except JavaError as error:
        if error.name != "ContractException":
            raise


@quick
@given(st.integers(1, 1200), st.integers(1, 900), st.sampled_from(["full", "jpeg-reduced"]))
@example(180, 136, "jpeg-reduced")
@example(179, 136, "jpeg-reduced")
@example(180, 135, "jpeg-reduced")
def test_how_much_smaller_a_jpeg_is_decoded(pure: Jvm, width: int, height: int, decode: str) -> None:
    contract = artifacts.contract(input={"decode": decode})
    fit = (contract["input"]["height"], contract["input"]["width"])
    wanted = reduction((width, height), fit) if decode == "jpeg-reduced" else 1
    found = pure.call("reduction", text=json.dumps(contract), width=width, height=height)
    assert found == wanted
