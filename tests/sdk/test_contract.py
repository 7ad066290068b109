"""The contract: there and back, and every field that could be wrong."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobileiqa_sdk import ArtifactInvalid, ContractUnsupported, ModelContract, ModelError
from mobileiqa_sdk.contract import MAX_SIDE, SCHEMA, Golden, InputSpec, ModelInfo, OutputSpec, Precision

from . import artifacts

FIELDS = [
    (section, field)
    for section, fields in artifacts.contract().items()
    if section != "schema"
    for field in fields
]


def read(values: Any) -> ModelContract:
    return ModelContract.from_json(json.dumps(values), "some.onnx")


def test_there_and_back() -> None:
    contract = ModelContract(
        ModelInfo("größer", "1.2", "family", "CC-BY-4.0", "0" * 64),
        InputSpec(1231, 1907),
        OutputSpec(),
        Precision("int8", "fp32"),
        Golden(600, 800, "1" * 64, 0.1 + 0.2, 1e-4),
    )
    text = contract.to_json()
    assert ModelContract.from_json(text, "x") == contract
    assert ModelContract.from_json(text.encode(), "x") == contract
    assert ModelContract.from_json(text, "x").to_json() == text
    assert json.loads(text)["schema"] == SCHEMA == 2


def test_the_json_of_the_tests_is_the_json_of_the_sdk() -> None:
    assert json.loads(read(artifacts.contract()).to_json()) == artifacts.contract()


@pytest.mark.parametrize("text", ["", "{", "nonsense", "{'schema': 2}", b"\xff\xfe\xfd", "[" * 200_000])
def test_broken_json(text: str | bytes) -> None:
    with pytest.raises(ArtifactInvalid, match=r"^some\.onnx: its contract is not JSON"):
        ModelContract.from_json(text, "some.onnx")


@pytest.mark.parametrize("values", [None, 1, "schema", [1, 2], True])
def test_json_that_is_no_object(values: Any) -> None:
    with pytest.raises(ArtifactInvalid, match="not a JSON object"):
        read(values)


@pytest.mark.parametrize("schema", [0, 1, 99, -1, "2", None, True, 1.5, [1], {"2": 2}])
def test_another_schema(schema: Any) -> None:
    with pytest.raises(ContractUnsupported, match=r"reads schema 2\. Upgrade mobileiqa-sdk"):
        read({**artifacts.contract(), "schema": schema})


def test_another_schema_is_said_before_its_unknown_fields() -> None:
    with pytest.raises(ContractUnsupported, match="schema 1"):
        read({"schema": 1, "everything": "else"})


def test_no_schema() -> None:
    values = artifacts.contract()
    del values["schema"]
    with pytest.raises(ContractUnsupported):
        read(values)


@pytest.mark.parametrize("section", ["model", "input", "output", "precision", "golden"])
@pytest.mark.parametrize("instead", [None, [], "text", 1])
def test_a_section_that_is_none(section: str, instead: Any) -> None:
    with pytest.raises(ArtifactInvalid, match=f"no '{section}'"):
        read({**artifacts.contract(), section: instead})
    values = artifacts.contract()
    del values[section]
    with pytest.raises(ArtifactInvalid, match=f"no '{section}'"):
        read(values)


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_a_missing_field(section: str, field: str) -> None:
    values = artifacts.contract()
    del values[section][field]
    with pytest.raises(ArtifactInvalid, match=rf"^some\.onnx: its contract has no {section}\.{field}$"):
        read(values)


@pytest.mark.parametrize(("section", "field"), FIELDS)
@pytest.mark.parametrize("value", [None, [], {}, [1], {"a": 1}])
def test_no_field_is_a_list_or_an_object(section: str, field: str, value: Any) -> None:
    with pytest.raises(ArtifactInvalid, match=rf"{section}\.{field}"):
        read(artifacts.contract(**{section: {field: value}}))


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_an_ill_typed_field(section: str, field: str) -> None:
    known = artifacts.contract()[section][field]
    wrong: list[Any] = ["1", 1, 1.0, True]
    for value in wrong:
        number_for_float = type(known) is float and type(value) is int
        if type(value) is not type(known) and not number_for_float:
            with pytest.raises(ArtifactInvalid, match=rf"{section}\.{field}"):
                read(artifacts.contract(**{section: {field: value}}))


@pytest.mark.parametrize("section", ["model", "input", "output", "precision", "golden"])
def test_an_extra_field(section: str) -> None:
    with pytest.raises(ArtifactInvalid, match=rf"unexpected {section}\.mean"):
        read(artifacts.contract(**{section: {"mean": 0.5}}))


def test_an_extra_section() -> None:
    with pytest.raises(ArtifactInvalid, match="unexpected 'normalise'"):
        read({**artifacts.contract(), "normalise": {}})


@pytest.mark.parametrize(
    ("section", "field"), [pair for pair in FIELDS if type(artifacts.contract()[pair[0]][pair[1]]) is float]
)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_none(section: str, field: str, number: str) -> None:
    text = json.dumps(artifacts.contract(**{section: {field: "HERE"}})).replace('"HERE"', number)
    with pytest.raises(ArtifactInvalid, match=rf"{section}\.{field}"):
        ModelContract.from_json(text, "x")


def test_an_integer_with_more_digits_than_python_reads() -> None:
    text = json.dumps(artifacts.contract()).replace(
        f'"height": {artifacts.HEIGHT}', '"height": ' + "9" * 9999
    )
    with pytest.raises(ArtifactInvalid):
        ModelContract.from_json(text, "x")


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("input", "layout", "NCHW"),
        ("input", "channels", "BGR"),
        ("input", "dtype", "float32"),
        ("input", "resample", "bilinear"),
        ("input", "decode", "thumbnail"),
        ("golden", "formula", "triangles-2"),
        ("output", "minimum", -1.0),
        ("output", "maximum", 100.0),
        ("output", "higher_is_better", False),
    ],
)
def test_what_this_version_cannot_do(section: str, field: str, value: Any) -> None:
    with pytest.raises(ContractUnsupported, match="Upgrade mobileiqa-sdk"):
        read(artifacts.contract(**{section: {field: value}}))


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        *((section, side, value) for section in ("input", "golden") for side in ("height", "width")
          for value in (0, -1, MAX_SIDE + 1, 2**70)),
        ("output", "opinions", 0),
        ("output", "opinions", 1025),
        ("golden", "height", 31),
        ("golden", "width", 1),
        ("golden", "score", -0.001),
        ("golden", "score", 1.001),
        ("golden", "tolerance", 0.0),
        ("golden", "tolerance", -1e-4),
        ("golden", "tolerance", 1.0),
        ("golden", "input_sha256", ""),
        ("golden", "input_sha256", "0" * 63),
        ("golden", "input_sha256", "A" * 64),
        ("golden", "input_sha256", "0" * 64 + "\n"),
        ("model", "name", "two\nlines"),
        ("model", "name", "\x1b[2J"),
        ("model", "licence", "\ud800"),
    ],
)  # fmt: skip
def test_values_out_of_range(section: str, field: str, value: Any) -> None:
    with pytest.raises(ArtifactInvalid):
        read(artifacts.contract(**{section: {field: value}}))


@pytest.mark.parametrize("score", [0, 1, 0.0, 1.0])
def test_whole_numbers_are_scores_too(score: float) -> None:
    assert read(artifacts.contract(golden={"score": score})).golden.score == score


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([(None, "schema"), *FIELDS]), JSON)
def test_any_value_is_read_or_a_model_error(place: tuple[str | None, str], value: Any) -> None:
    section, field = place
    values = artifacts.contract()
    (values if section is None else values[section])[field] = value
    try:
        contract = read(values)
    except ModelError:
        return
    assert ModelContract.from_json(contract.to_json(), "x") == contract


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_text_is_read_or_a_model_error(data: st.DataObject) -> None:
    text = json.dumps(artifacts.contract()).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 40, len(text))))
    damaged = text[:start] + data.draw(st.binary(max_size=10)) + text[end:]
    try:
        contract = ModelContract.from_json(damaged, "x")
    except ModelError:
        return
    assert ModelContract.from_json(contract.to_json(), "x") == contract


@settings(deadline=None, max_examples=100)
@given(JSON)
def test_any_json_is_a_model_error(value: Any) -> None:
    with pytest.raises(ModelError):
        read(value)
