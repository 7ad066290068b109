"""The contract: there and back, and every field that could be wrong, in schemas 3 and 2."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobileiqa_sdk import ArtifactInvalid, ContractUnsupported, ModelContract, ModelError
from mobileiqa_sdk.contract import MAX_SIDE, SCHEMA

from . import artifacts

Path = tuple[Any, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of everything in JSON that is not an object or a list with something in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not items or not value:
        yield path
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def get(values: Any, path: Path) -> Any:
    for key in path:
        values = values[key]
    return values


def changed(values: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    get(values, path[:-1])[path[-1]] = value
    return values


def rich() -> dict[str, Any]:
    """A contract with everything that schema 3 offers but a second look at details."""
    return artifacts.free_contract()


def read(values: Any) -> ModelContract:
    return ModelContract.from_json(json.dumps(values), "some.onnx")


CONTRACTS = {"stretch": artifacts.contract(), "keep-aspect": rich(), "schema 2": artifacts.contract_v2()}
PLACES = [
    pytest.param(values, path, id=f"{name}-{'.'.join(map(str, path))}")
    for name, values in CONTRACTS.items()
    for path in leaves(values)
    if path != ("schema",)
]


@pytest.mark.parametrize("name", ["stretch", "keep-aspect"])
def test_there_and_back(name: str) -> None:
    contract = read(CONTRACTS[name])
    assert json.loads(contract.to_json()) == CONTRACTS[name]
    assert ModelContract.from_json(contract.to_json().encode(), "x") == contract
    assert json.loads(contract.to_json())["schema"] == SCHEMA == 3


@pytest.mark.parametrize("text", ["", "{", "nonsense", "{'schema': 2}", b"\xff\xfe\xfd", "[" * 200_000])
def test_broken_json(text: str | bytes) -> None:
    with pytest.raises(ArtifactInvalid, match=r"^some\.onnx: .*JSON"):
        ModelContract.from_json(text, "some.onnx")


@pytest.mark.parametrize("values", [None, 1, "schema", [1, 2], True])
def test_json_that_is_not_an_object(values: Any) -> None:
    with pytest.raises(ArtifactInvalid, match="object"):
        read(values)


@pytest.mark.parametrize("schema", [0, 1, 99, -1, "2", "3", None, True, 1.5, 2.0, 3.0, [1], {"2": 2}])
def test_another_schema(schema: Any) -> None:
    with pytest.raises(ContractUnsupported, match="Upgrade"):
        read({**artifacts.contract(), "schema": schema})


def test_another_schema_is_said_before_its_unknown_fields() -> None:
    with pytest.raises(ContractUnsupported, match="schema 1"):
        read({"schema": 1, "everything": "else"})


def test_no_schema() -> None:
    values = artifacts.contract()
    del values["schema"]
    with pytest.raises(ContractUnsupported):
        read(values)


@pytest.mark.parametrize(("values", "path"), PLACES)
def test_every_key_is_required(values: dict[str, Any], path: Path) -> None:
    for length in range(1, len(path) + 1):
        if isinstance(path[length - 1], str):
            without = copy.deepcopy(values)
            del get(without, path[: length - 1])[path[length - 1]]
            with pytest.raises(ModelError, match=path[length - 1]):
                read(without)


@pytest.mark.parametrize(("values", "path"), PLACES)
def test_a_value_of_another_type(values: dict[str, Any], path: Path) -> None:
    known = get(values, path)
    for wrong in (None, "1", 1, 1.5, True, [1], {"a": 1}):
        prose = values["schema"] == 2 and path == ("precision", "weights")
        if type(wrong) is type(known) or (type(known) is float and wrong == 1 and wrong is not True):
            continue
        if not prose or not isinstance(wrong, str):
            with pytest.raises(ModelError, match=r"some\.onnx"):
                read(changed(values, path, wrong))


@pytest.mark.parametrize(
    ("values", "section"),
    [
        (values, section)
        for values in CONTRACTS.values()
        for section, inner in values.items()
        if isinstance(inner, dict)
    ],
)
def test_an_extra_key(values: dict[str, Any], section: str) -> None:
    for path in ((section, "mean"), ("mean",)):
        with pytest.raises(ArtifactInvalid, match="mean"):
            read(changed(values, path, 0.5))


@pytest.mark.parametrize("key", ["fit", "multiple", "settings", "detail"])
def test_schema_2_has_no_keys_of_schema_3(key: str) -> None:
    with pytest.raises(ArtifactInvalid, match=key):
        read(artifacts.contract_v2(input={key: artifacts.contract()["input"][key]}))


@pytest.mark.parametrize(
    ("values", "path"),
    [pytest.param(*place.values, id=place.id) for place in PLACES if type(get(*place.values)) is float],
)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_not_finite(values: dict[str, Any], path: Path, number: str) -> None:
    text = json.dumps(changed(values, path, "HERE")).replace('"HERE"', number)
    with pytest.raises(ModelError if number.isdigit() else ArtifactInvalid):
        ModelContract.from_json(text, "x")


@pytest.mark.parametrize("digits", ["9" * 9999, "9" * 400, "99999999999999999999"])
def test_huge_integers(digits: str) -> None:
    text = json.dumps(artifacts.contract()).replace(f'"height": {artifacts.HEIGHT}', '"height": ' + digits)
    with pytest.raises(ArtifactInvalid):
        ModelContract.from_json(text, "x")


@pytest.mark.parametrize(("old", "new"), [
    ('"schema": 3', '"schema": 3, "schema": 3'),
    ('"height": 48', '"height": 48, "height": 48'),
    ('"width": 64', '"width": 64, "width": 64'),
    ('"name": "tiny"', '"name": "tiny", "n\\u0061me": "other"'),
])  # fmt: skip
def test_a_repeated_key(old: str, new: str) -> None:
    text = json.dumps(artifacts.contract())
    assert old in text
    key = json.loads(f"{{{old}}}").popitem()[0]
    with pytest.raises(ArtifactInvalid, match=f"'{key}' is repeated"):
        ModelContract.from_json(text.replace(old, new, 1), "x")


UNSUPPORTED = [
    (("input", "layout"), "NCHW"),
    (("input", "channels"), "BGR"),
    (("input", "dtype"), "float32"),
    (("input", "resample"), "bilinear"),
    (("input", "decode"), "thumbnail"),
    (("input", "fit"), "crop"),
    (("input", "detail"), {"rule": "sharpest", "windows": 2, "size": 224}),
    (("outputs", 0, "meaning"), "aesthetics"),
    (("outputs", 0, "minimum"), -1.0),
    (("outputs", 0, "maximum"), 100.0),
    (("outputs", 0, "higher_is_better"), False),
    (("precision", "weights"), "int2"),
    (("precision", "activations"), "static-int4"),
    (("golden", "formula"), "triangles-2"),
]


@pytest.mark.parametrize(("path", "value"), UNSUPPORTED)
def test_what_this_version_cannot_do(path: Path, value: Any) -> None:
    with pytest.raises(ContractUnsupported, match="Upgrade"):
        read(changed(artifacts.contract(), path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, value) for path, value in UNSUPPORTED if path in leaves(artifacts.contract_v2())
          and path[0] != "precision"),
        (("output", "minimum"), -1.0),
        (("output", "maximum"), 100.0),
        (("output", "higher_is_better"), False),
    ],
)  # fmt: skip
def test_what_this_version_cannot_do_in_schema_2(path: Path, value: Any) -> None:
    with pytest.raises(ContractUnsupported, match="Upgrade"):
        read(changed(artifacts.contract_v2(), path, value))


CASE = ("golden", "cases", 0)
INVALID: list[tuple[Path, Any]] = [
    *(((section, side), value) for section in ("input", "golden") for side in ("height", "width")
      for value in (0, -1, MAX_SIDE + 1, 2**70)),
    (("outputs", 0, "size"), 0),
    (("outputs", 0, "size"), 1025),
    (("outputs", 0, "labels"), ["sharp"]),
    (("outputs",), []),
    (("golden", "height"), 31),
    (("golden", "width"), 1),
    (("golden", "tolerance"), 0.0),
    (("golden", "tolerance"), -1e-4),
    (("golden", "tolerance"), 1.0),
    (("golden", "cases"), []),
    ((*CASE, "score"), -0.001),
    ((*CASE, "score"), 1.001),
    ((*CASE, "input_sha256"), ""),
    ((*CASE, "input_sha256"), "0" * 63),
    ((*CASE, "input_sha256"), "A" * 64),
    ((*CASE, "input_sha256"), "0" * 64 + "\n"),
    ((*CASE, "faults"), [0.5]),
    ((*CASE, "photo"), 0.5),
    ((*CASE, "setting"), "fast"),
    (("input", "fit"), "keep-aspect"),
    (("input", "multiple"), 32),
    (("input", "settings"), [{"name": "fast", "max_pixels": 4096, "sizes": []}]),
    (("model", "name"), "two\nlines"),
    (("model", "name"), "\x1b[2J"),
    (("model", "license"), "\ud800"),
    (("precision", "note"), "\x07"),
    (("verification", "failures"), ["drifts"]),
    (("verification", "passed"), False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), INVALID)
def test_values_that_make_no_sense(path: Path, value: Any) -> None:
    with pytest.raises(ArtifactInvalid):
        read(changed(artifacts.contract(), path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("input", "height"), 48),
        (("input", "settings"), []),
        (("input", "settings", 1, "name"), "fast"),
        (("input", "settings", 0, "name"), ""),
        (("input", "settings", 0, "max_pixels"), 1023),
        (("input", "settings", 0, "sizes"), [[64, 100]]),
        (("input", "settings", 0, "sizes"), [[64, 64], [96, 96]]),
        (("input", "settings", 0, "sizes"), [[0, 64]]),
        (("input", "settings", 0, "sizes"), [[33, 32]]),
        (("input", "settings", 0, "sizes"), [[32, 33]]),
        (("input", "multiple"), 0),
        (("input", "multiple"), 33),
        (("outputs", 1, "name"), "opinions"),
        (("outputs", 2, "meaning"), "opinions"),
        (("outputs", 1, "labels"), ["blur"]),
        (("outputs", 1, "labels"), ["blur", "blur"]),
        (("outputs", 2, "size"), 2),
        (("golden", "cases", 1, "setting"), "fast"),
        (("golden", "cases", 1, "faults"), [0.5]),
        (("golden", "cases", 1, "photo"), None),
    ],
)
def test_values_that_make_no_sense_where_photos_keep_their_aspect(path: Path, value: Any) -> None:
    with pytest.raises(ArtifactInvalid):
        read(changed(rich(), path, value))


def test_a_setting_needs_a_name_even_if_its_golden_case_has_none_either() -> None:
    values = changed(rich(), ("input", "settings", 1, "name"), "")
    with pytest.raises(ArtifactInvalid, match="names"):
        read(changed(values, ("golden", "cases", 1, "setting"), ""))


@pytest.mark.parametrize("score", [0, 1, 0.0, 1.0])
def test_whole_numbers_are_scores_too(score: float) -> None:
    assert read(artifacts.contract(golden={"score": score})).golden.score == score


@pytest.mark.parametrize(
    ("weights", "compute", "upgraded", "passed"),
    [
        ("fp32", "fp32", ("fp32", "float"), True),
        ("fp16", "fp16 or fp32, as the runtime chooses", ("fp16", "float"), True),
        ("int8", "fp32", ("int8", "float"), True),
        ("int8", "int8, ranges at run time", ("int8", "dynamic-int8"), True),
        ("int8", "int8, calibrated ranges", ("int8", "static-int8"), True),
        ("int8", "int8, calibrated ranges; drift allowed", ("int8", "static-int8"), False),
        ("int4", "fp32; drift allowed", ("int4", "float"), False),
        ("by hand", "some way", ("fp32", "float"), True),
    ],
)
def test_the_prose_of_schema_2(weights: str, compute: str, upgraded: tuple[str, str], passed: bool) -> None:
    contract = read(artifacts.contract_v2(precision={"weights": weights, "compute": compute}))
    assert (contract.precision.weights, contract.precision.activations) == upgraded
    assert contract.precision.note == compute
    assert contract.verification.passed is passed


@pytest.mark.parametrize("opinions", [1, 5])
def test_schema_2_is_read_as_schema_3(opinions: int) -> None:
    contract = read(artifacts.contract_v2(output={"opinions": opinions}))
    expected = artifacts.contract(opinions=opinions)
    assert json.loads(contract.to_json()) == expected


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("model", "licence", "license"),
        ("precision", "compute", "note"),
        ("opinions", "opinions", "size"),
        (None, "output", "opinions"),
    ],
)
def test_old_names_work_and_say_which_version_drops_them(part: str | None, old: str, new: str) -> None:
    owner = read(artifacts.contract())
    owner = getattr(owner, part) if part else owner
    with pytest.warns(DeprecationWarning, match=rf"{new}.*0\.4") as caught:
        assert getattr(owner, old) == getattr(owner, new)
    assert caught[0].filename == __file__


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([place.values for place in PLACES]), JSON)
def test_any_value_is_read_or_a_model_error(place: Any, value: Any) -> None:
    try:
        contract = read(changed(*place, value))
    except ModelError:
        return
    assert ModelContract.from_json(contract.to_json(), "x") == contract


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_text_is_read_or_a_model_error(data: st.DataObject) -> None:
    text = json.dumps(data.draw(st.sampled_from(list(CONTRACTS.values())))).encode()
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
