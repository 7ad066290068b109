"""The SDK gives the published vectors, and the files are what their generator writes."""

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

from mobileiqa_sdk import Assessment, Seconds, errors
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.reason import worst_first
from mobileiqa_sdk.reduction import reduction
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.where.detail import detail
from mobileiqa_sdk.where.windows import cut, scaled

from .png_files import png_of

FOLDER = Path(__file__).parents[1] / "vectors"
NAMES = (
    "contracts", "detail", "fit", "golden", "pictures", "png_colours", "reasons", "reduction", "resample",
    "verdict", "windows",
)  # fmt: skip


def cases(name: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return content


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_vectors", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_is_generated(make: ModuleType, name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="ascii") == make.text_of(name)
    assert tuple(make.VECTORS) == NAMES
    assert f"`{name}.json`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_reasons() -> None:
    vectors = cases("reasons")
    assert len(vectors) >= 30
    for case in vectors:
        faults = worst_first(dict(case["faults"]))
        result = Assessment(
            "a.jpg", case["score"], "made", (48, 64), Seconds(0, 0, 0), (), faults, case["photograph"]
        )
        assert list(result.faults) == case["worst_first"], case
        assert list(result.named_faults) == case["named"], case
        assert result.reason == case["reason"], case
        assert result.advice == case["advice"], case
        assert result.is_photograph is case["is_photograph"], case


def test_fit() -> None:
    vectors = cases("fit")
    assert len(vectors) >= 60
    for case in vectors:
        sizes = tuple(tuple(size) for size in case["sizes"])
        setting = Setting("any", case["max_pixels"], sizes)  # type: ignore[arg-type]  # of two numbers each
        size = fitted(case["height"], case["width"], setting, case["multiple"])
        assert list(size) == case["expected"], case


def test_png_colours() -> None:
    for case in cases("png_colours"):
        rgb, expected = (
            np.tile(np.frombuffer(bytes.fromhex(case[key]), np.uint8).reshape(1, 32, 3), (32, 1, 1))
            for key in ("rgb", "expected")
        )
        chunks = [(name.encode(), bytes.fromhex(body)) for name, body in case["chunks"]]
        assert np.array_equal(np.asarray(read_photo(png_of(rgb, *chunks))), expected), case["chunks"]


def test_reduction() -> None:
    vectors = cases("reduction")
    assert {case["expected"] for case in vectors} == {1, 2, 4, 8}
    for case in vectors:
        size, fit = (case["width"], case["height"]), (case["input_height"], case["input_width"])
        assert reduction(size, fit) == case["expected"], case


def test_resample() -> None:
    for case in cases("resample"):
        shape = case["height"], case["width"], 3
        pixels = np.frombuffer(bytes.fromhex(case["pixels"]), np.uint8).reshape(shape)
        result = resize(Image.fromarray(pixels), case["new_height"], case["new_width"])
        assert result.tobytes().hex() == case["expected"], case


def test_windows() -> None:
    for case in cases("windows"):
        fitted_size = case["height"], case["width"]
        boxes = cut(*fitted_size, case["side"])
        assert boxes.shape == (case["rows"], case["columns"], 4)
        assert boxes.reshape(-1, 4).tolist() == case["windows"]
        in_photo = scaled(boxes, fitted_size, (case["photo_height"], case["photo_width"]))
        assert in_photo.reshape(-1, 4).tolist() == case["in_photo"]


def test_detail() -> None:
    for case in cases("detail"):
        pixels = np.frombuffer(bytes.fromhex(case["pixels"]), np.uint8)
        picture = pixels.reshape(case["height"], case["width"], 3)
        assert detail(picture) == pytest.approx(case["expected"], abs=1e-5)


def test_golden() -> None:
    for case in cases("golden"):
        pixels = golden_image(case["height"], case["width"])
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == case["sha256"], case


def meaning(contract: ModelContract) -> dict[str, Any]:
    faults = [output.labels for output in contract.outputs if output.meaning == "faults"]
    return {
        "license": contract.model.license,
        "fit": contract.input.fit,
        "height": contract.input.height,
        "width": contract.input.width,
        "decode": contract.input.decode,
        "multiple": contract.input.multiple,
        "settings": [setting.name for setting in contract.input.settings],
        "outputs": {output.meaning: output.size for output in contract.outputs},
        "labels": list(faults[0]) if faults else [],
        "weights": contract.precision.weights,
        "activations": contract.precision.activations,
        "passed": contract.verification.passed,
        "scores": [case.score for case in contract.golden.cases],
        "tolerance": contract.golden.tolerance,
    }


@pytest.mark.parametrize("case", cases("contracts"), ids=lambda case: case["name"])
def test_contracts(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(errors.MobileIQAError) as caught:
            ModelContract.from_json(case["text"], "vector")
        assert type(caught.value).__name__ == case["error"], caught.value
    else:
        values = meaning(ModelContract.from_json(case["text"], "vector"))
        assert {key: values[key] for key in case["means"]} == case["means"]
