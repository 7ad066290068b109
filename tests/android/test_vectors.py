"""The core gives the vectors that every port of the SDK has to give."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ..sdk import artifacts
from ..sdk.test_vectors import cases
from .test_contract import parsed
from .toolbox import JavaError, Jvm

JAVA_NAMES = {"ContractUnsupported": "UnsupportedContractException", "ArtifactInvalid": "ContractException"}


def test_fit(pure: Jvm) -> None:
    for case in cases("fit"):
        arguments = {key: value for key, value in case.items() if key != "expected"}
        assert pure.call("fit", **arguments) == case["expected"], case


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
