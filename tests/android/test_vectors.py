"""The core gives the vectors that every port of the SDK has to give."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import numpy as np
import pytest

from ..sdk import artifacts
from ..sdk.png_files import png_of
from ..sdk.test_vectors import cases
from .test_contract import parsed
from .toolbox import JavaError, Jvm, base64_of

JAVA_NAMES = {"ContractUnsupported": "UnsupportedContractException", "ArtifactInvalid": "ContractException"}


def test_fit(pure: Jvm) -> None:
    for case in cases("fit"):
        arguments = {key: value for key, value in case.items() if key != "expected"}
        assert pure.call("fit", **arguments) == case["expected"], case


def test_reasons(pure: Jvm) -> None:
    for case in cases("reasons"):
        given = {key: case[key] for key in ("faults", "score", "photograph")}
        answer = pure.call("explanation", **given)
        assert answer == {key: value for key, value in case.items() if key not in given}, case


def test_reduction(pure: Jvm) -> None:
    for case in cases("reduction"):
        contract = artifacts.contract(
            case["input_height"], case["input_width"], input={"decode": "jpeg-reduced"}
        )
        size = {"height": case["height"], "width": case["width"]}
        assert pure.call("reduction", text=json.dumps(contract), **size) == case["expected"], case


def test_resample(pure: Jvm) -> None:
    for case in cases("resample"):
        answer = pure.call(
            "resize",
            height=case["height"],
            width=case["width"],
            rgb=base64.b64encode(bytes.fromhex(case["pixels"])).decode(),
            to_height=case["new_height"],
            to_width=case["new_width"],
        )
        assert base64.b64decode(answer["rgb"]).hex() == case["expected"], case


def test_golden(pure: Jvm) -> None:
    for case in cases("golden"):
        assert pure.call("golden_image", height=case["height"], width=case["width"]) == case["sha256"], case


@pytest.mark.parametrize("case", cases("png_colours"), ids=lambda case: json.dumps(case["chunks"])[:60])
def test_png_colours(pure: Jvm, case: dict[str, Any]) -> None:
    """What Android makes of a file without gAMA and cHRM becomes what Python makes of the whole file."""
    rgb, expected = (bytes.fromhex(case[key]) for key in ("rgb", "expected"))
    chunks = [(name.encode(), bytes.fromhex(body)) for name, body in case["chunks"]]
    pixels = np.tile(np.frombuffer(rgb, np.uint8).reshape(1, 32, 3), (32, 1, 1))
    file = png_of(pixels, *chunks)
    answer = pure.call("png_colours", file=base64_of(file), rgb=base64_of(rgb))
    assert base64.b64decode(answer) == expected
    plain = base64.b64decode(pure.call("png_without_colours", file=base64_of(file)))
    kept = [chunk for chunk in chunks if chunk[0] not in (b"gAMA", b"cHRM")]
    assert plain == png_of(pixels, *kept)


def test_other_files_keep_their_bytes(pure: Jvm) -> None:
    whole = png_of(np.zeros((32, 32, 3), np.uint8), (b"gAMA", bytes(4)))
    rest = whole[49:] + b"gAMA" * 9
    changed = {whole[:43]: whole[:33], whole + b"gAMA" * 9: whole[:33] + rest}
    for data in (b"", b"GIF89a", whole[:5], whole[:40], whole[1:], *changed):
        plain = base64.b64decode(pure.call("png_without_colours", file=base64_of(data)))
        assert plain == changed.get(data, data)
        assert base64.b64decode(pure.call("png_colours", file=base64_of(data), rgb="")) == b""


def test_pictures(pure: Jvm) -> None:
    for case in cases("pictures"):
        answer = pure.call("picture", number=case["number"])
        assert (answer["height"], answer["width"]) == (case["height"], case["width"])
        assert hashlib.sha256(base64.b64decode(answer["rgb"])).hexdigest() == case["sha256"], case


@pytest.mark.parametrize("case", cases("verdict"), ids=lambda case: ",".join(case["expected"]) or "valid")
def test_verdict(pure: Jvm, case: dict[str, Any]) -> None:
    seconds = [value for value, count in case["values"] for _ in range(count)]
    assert sorted(pure.call("verdict", **case, seconds=seconds)) == sorted(case["expected"])


def meaning(contract: dict[str, Any]) -> dict[str, Any]:
    """What `tests/vectors/README.md` names, from the core's fields; sides are 0 where there are none."""
    faults = [output["labels"] for output in contract["outputs"] if output["meaning"] == "faults"]
    stretched = contract["input"]["fit"] == "stretch"
    return {
        "license": contract["model"]["license"],
        "fit": contract["input"]["fit"],
        "height": contract["input"]["height"] if stretched else None,
        "width": contract["input"]["width"] if stretched else None,
        "decode": contract["input"]["decode"],
        "multiple": contract["input"]["multiple"],
        "settings": [setting["name"] for setting in contract["input"]["settings"]],
        "outputs": {output["meaning"]: output["size"] for output in contract["outputs"]},
        "labels": faults[0] if faults else [],
        "weights": contract["precision"]["weights"],
        "activations": contract["precision"]["activations"],
        "passed": contract["verification"]["passed"],
        "scores": [case["score"] for case in contract["golden"]["cases"]],
        "tolerance": contract["golden"]["tolerance"],
    }


@pytest.mark.parametrize("case", cases("contracts"), ids=lambda case: case["name"])
def test_contracts(pure: Jvm, case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(JavaError) as caught:
            parsed(pure, case["text"])
        assert caught.value.name == JAVA_NAMES[case["error"]], caught.value
        assert caught.value.message.isprintable()
    else:
        values = meaning(parsed(pure, case["text"]))
        assert {key: values[key] for key in case["means"]} == case["means"]
