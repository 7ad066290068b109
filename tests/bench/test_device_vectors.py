"""The script for phones and boards gives the published vectors, as far as it has the rule."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "benchmarks" / "device" / "mobileiqa_device.py"
    spec = importlib.util.spec_from_file_location("mobileiqa_device", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(name: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_bytes())
    return content


def test_golden(script: ModuleType) -> None:
    for case in cases("golden"):
        pixels = script.golden_pixels({"golden": case})
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == case["sha256"], case


def test_resample(script: ModuleType) -> None:
    for case in cases("resample"):
        pixels = np.frombuffer(bytes.fromhex(case["pixels"]), np.uint8)
        image = Image.fromarray(pixels.reshape(case["height"], case["width"], 3))
        resized = script.resize(image, (case["new_height"], case["new_width"]))
        assert resized.tobytes().hex() == case["expected"], case


def test_pictures(script: ModuleType) -> None:
    for case in cases("pictures"):
        picture = script.make_picture(case["number"])
        assert picture.shape == (case["height"], case["width"], 3)
        assert hashlib.sha256(picture.tobytes()).hexdigest() == case["sha256"], case


@pytest.mark.parametrize("case", cases("verdict"), ids=lambda case: ",".join(case["expected"]) or "valid")
def test_verdict(script: ModuleType, case: dict[str, Any]) -> None:
    thermal, unit = case["thermal"], case["unit"]
    accuracy = {key: case[key] for key in ("scores", "reference", "tolerance")}
    values = [value for value, count in case["values"] for _ in range(count)]
    judged = script.verdict(
        {
            "error": case["error"],
            "flags": case["flags"],
            "golden": None if case["golden_ok"] is None else {"ok": case["golden_ok"]},
            "seconds": {"inference": script.statistics([values])},
            "thermal": thermal and {"status_before": thermal[0], "status_after": thermal[1]},
            "cool_down_seconds": case["cool_down"],
            "unit": unit and {"declared": unit[0], "used": unit[1]},
            "accuracy": accuracy if case["scores"] else None,
        }
    )
    assert judged["valid"] is (not case["expected"])
    assert sorted(reason["kind"] for reason in judged["reasons"]) == sorted(case["expected"])


class Header:
    """What the script asks an opened JPEG for: its stored size, and which way up it is."""

    def __init__(self, size: tuple[int, int], orientation: int) -> None:
        self.size = size if orientation < 5 else size[::-1]
        self.orientation = orientation

    def getexif(self) -> dict[int, int]:
        return {0x0112: self.orientation}


@pytest.mark.parametrize("orientation", [1, 6])
def test_reduction(script: ModuleType, orientation: int) -> None:
    for case in cases("reduction"):
        header = Header((case["width"], case["height"]), orientation)
        fit = {"fit": "stretch", "height": case["input_height"], "width": case["input_width"]}
        assert script.reduction(header, fit) == case["expected"], case


def test_fit(script: ModuleType) -> None:
    for case in cases("fit"):
        setting = {key: case[key] for key in ("max_pixels", "sizes")}
        fit = {"fit": "keep-aspect", "multiple": case["multiple"], "settings": [setting]}
        assert list(script.input_size(fit, case["height"], case["width"])) == case["expected"], case


NOT_LOOKED_AT = {
    "3: model.license is missing",
    "2: model.licence is missing",
    "model.license is None",
    "3: outputs.0.labels is missing",
    "outputs.0.labels is ['blur']",
    "3: golden.cases.0.photo is missing",
    "golden.cases.0.photo is 0.5",
    "golden.cases.0.setting is 'fast'",
    "golden.height is 31",
    "input.multiple is 0",
    "input.multiple is 2",
    "input.more is 1",
    "outputs.1.labels is ['blur', 'blur']",
    "golden.cases.1.setting is 'fast'",
    "golden.cases.0.faults is [0.1]",
    "golden.cases.0.photo is None",
}
"""Invalid contracts that the script takes, since nothing it measures depends on what is wrong with them."""


def test_what_is_not_looked_at_is_among_the_vectors() -> None:
    assert {case["name"] for case in cases("contracts") if "error" in case} >= NOT_LOOKED_AT


@pytest.mark.parametrize("case", cases("contracts"), ids=lambda case: case["name"])
def test_contracts(script: ModuleType, case: dict[str, Any]) -> None:
    """Faults and photo, which do not change the score, are not looked at."""
    contract, meaning = case["text"], case.get("means", {})
    if case["name"] in NOT_LOOKED_AT:
        assert script.read_contract(contract, "vector")
        return
    if "error" in case:
        with pytest.raises(script.DeviceError):
            script.read_contract(contract, "vector")
        return
    read = script.read_contract(contract, "vector")
    values = {
        **{key: read["input"][key] for key in ("height", "width", "decode")},
        "outputs": {output["meaning"]: output["size"] for output in read["outputs"]},
        "weights": read["precision"]["weights"],
        "activations": read["precision"]["activations"],
        "passed": read["verification"]["passed"],
        "scores": [read["golden"]["score"], *meaning.get("scores", [])[1:]],  # of the first setting
        "tolerance": read["golden"]["tolerance"],
    }
    same = values.keys() & meaning.keys()
    assert {key: values[key] for key in same} == {key: meaning[key] for key in same}
