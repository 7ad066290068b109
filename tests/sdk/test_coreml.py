"""The Core ML runtime with a stand-in for coremltools, and what happens without a Mac."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import ArtifactInvalid, ContractMismatch, RuntimeUnavailable, Scorer, runtimes
from mobileiqa_sdk.contract import METADATA_KEY
from mobileiqa_sdk.library import DEFAULT, find, models, size_of
from mobileiqa_sdk.runtimes.runtime import Runtime

from . import artifacts

GREY = np.full((60, 80, 3), 128, np.uint8)


def package(folder: Path) -> Path:
    """Looks like a package; nothing here reads inside."""
    path = folder / "model.mlpackage"
    (path / "Data").mkdir(parents=True)
    (path / "Manifest.json").write_text("{}")
    (path / "Data" / "model").write_bytes(b"12345")
    return path


class Model:
    """What the runtime uses of coremltools' MLModel: the score is the photo's brightness."""

    size = artifacts.HEIGHT, artifacts.WIDTH
    contract: str | None = json.dumps(artifacts.contract())
    outputs = ("score",)
    result: Any = None

    def __init__(self, path: str) -> None:
        if not Path(path, "Manifest.json").is_file():
            raise RuntimeError("Error compiling model\nin a way of its own")

    def get_spec(self) -> Any:
        image = SimpleNamespace(imageType=SimpleNamespace(height=self.size[0], width=self.size[1]))
        stored = {} if self.contract is None else {METADATA_KEY: self.contract}
        return SimpleNamespace(
            description=SimpleNamespace(
                metadata=SimpleNamespace(userDefined=stored),
                input=[SimpleNamespace(name="image", type=image)],
                output=[SimpleNamespace(name=name) for name in self.outputs],
            )
        )

    def predict(self, inputs: dict[str, Any]) -> dict[str, Any]:
        image = inputs["image"]
        assert isinstance(image, Image.Image)
        if isinstance(self.result, Exception):
            raise self.result
        brightness = np.array([np.asarray(image).mean() / 255], np.float32)
        return {"score": brightness if self.result is None else self.result}


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> type[Model]:
    class Here(Model):
        pass

    module = ModuleType("coremltools.models")
    module.MLModel = Here  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "coremltools", ModuleType("coremltools"))
    monkeypatch.setitem(sys.modules, "coremltools.models", module)
    monkeypatch.setattr(sys, "platform", "darwin")
    return Here


def test_a_mac_scores(tmp_path: Path, mac: type[Model]) -> None:
    path = package(tmp_path / "mine")
    for model in (path, path.parent, f"{path}/"):
        scorer = Scorer(model)
        assert scorer.path == path
        assert scorer.contract.model.name == "tiny"
        assert scorer.score(GREY) == pytest.approx(128 / 255)


def test_a_model_serves_one_call_at_a_time(tmp_path: Path, mac: type[Model]) -> None:
    inside = threading.Lock()
    predict = mac.predict

    def alone(self: Model, inputs: dict[str, Any]) -> dict[str, Any]:
        assert inside.acquire(blocking=False)
        time.sleep(0.002)
        try:
            return predict(self, inputs)
        finally:
            inside.release()

    mac.predict = alone  # type: ignore[method-assign]
    scores = [one.score for one in Scorer(package(tmp_path)).score_many([GREY] * 20, workers=5)]
    assert scores == [pytest.approx(128 / 255)] * 20


def test_elsewhere_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(RuntimeUnavailable, match="mobileiqa verify"):
        Scorer(package(tmp_path))


def test_without_coremltools(tmp_path: Path, mac: type[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coremltools.models", None)
    with pytest.raises(RuntimeUnavailable, match="pip install coremltools"):
        Scorer(package(tmp_path))


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"contract": None}, ArtifactInvalid, "MobileIQA contract"),
        ({"contract": "{"}, ArtifactInvalid, "not JSON"),
        ({"size": (artifacts.HEIGHT, artifacts.WIDTH + 1)}, ContractMismatch, "48 x 64"),
        ({"outputs": ("score", "other")}, ContractMismatch, "score, other"),
        (
            {"result": RuntimeError("no such thing\nhere")},
            ContractMismatch,
            "no such thing",
        ),
        ({"outputs": ("other",)}, ContractMismatch, "cannot run it"),
        ({"result": np.zeros(2)}, ContractMismatch, "1 value"),
        ({"result": np.float32("nan")}, ContractMismatch, "nan"),
    ],
    ids=str,
)
def test_models_that_lie(
    tmp_path: Path, mac: type[Model], changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    for name, value in changes.items():
        setattr(mac, name, value)
    with pytest.raises(error, match=text):
        Scorer(package(tmp_path)).score(GREY)


def test_a_damaged_package(tmp_path: Path, mac: type[Model]) -> None:
    path = package(tmp_path)
    (path / "Manifest.json").unlink()
    with pytest.raises(ArtifactInvalid, match="Error compiling model"):
        Scorer(path)


def test_verify_takes_the_reference_off_a_mac(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session(Runtime):
        def __init__(self, path: Path, threads: int) -> None:
            self.path, self.contract = path, Scorer(artifacts.save(tmp_path / "onnx")).contract

        def infer(self, pixels: np.ndarray) -> list[np.ndarray]:
            return [np.array([artifacts.brightness(pixels)])]

    monkeypatch.setattr(sys, "platform", "linux")
    module = ModuleType("mobileiqa_mil.session")
    module.Session = Session  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mobileiqa_mil.session", module)
    path = package(tmp_path / "mine")
    assert runtimes.for_verification(path) == "coreml-reference"
    assert runtimes.for_verification(find(DEFAULT)) == "onnx"
    assert runtimes.for_verification(Path("photo.jpg")) is None
    done = run("verify", path)
    assert (done.code, done.out.splitlines()[-1]) == (0, "passed"), done.err
    monkeypatch.setattr(sys, "platform", "darwin")
    assert runtimes.for_verification(path) == "coreml"


def test_the_reference_needs_the_export_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mobileiqa_mil.session", None)
    with pytest.raises(RuntimeUnavailable, match=r"mobileiqa-sdk\[export,coreml\]"):
        Scorer(package(tmp_path), runtime="coreml-reference")


def test_a_package_in_the_cache(cache: Path) -> None:
    path = package(cache / "models" / "apple")
    (model,) = [model for model in models() if model.name == "apple"]
    assert (model.path, model.size, model.intact) == (path, 7, None)
    assert find("apple") == find(path.parent) == path
    assert size_of(path) == 7


def test_checksums_of_a_package(cache: Path) -> None:
    path = package(cache / "models" / "apple")
    sums = path.parent / "SHA256SUMS"
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  model.mlpackage/{name}\n"
        for name, content in (("Data/model", b"12345"), ("Manifest.json", b"{}"))
    ]

    def intact() -> bool | None:
        return next(model.intact for model in models() if model.name == "apple")

    sums.write_text("".join(lines))
    assert intact() is True
    sums.write_text(lines[0])
    assert intact() is False
    sums.write_text("0  other\n")
    assert intact() is None
    sums.write_text("".join(lines))
    (path / "Data" / "model").write_bytes(b"54321")
    assert intact() is False
    (path / "Data" / "model").write_bytes(b"12345")
    (path / "Data" / "added").write_bytes(b"")
    assert intact() is False


def test_a_file_with_the_suffix_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "model.mlpackage").write_bytes(b"")
    with pytest.raises(ArtifactInvalid, match="none"):
        find(tmp_path)
