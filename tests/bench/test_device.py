"""The script for phones and boards, run as its user runs it: a process that knows nothing of the SDK."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from PIL import Image, ImageCms

from mobileiqa_bench.pictures import COUNT, make_picture
from mobileiqa_bench.schema import parse
from mobileiqa_sdk import ContractMismatch, Scorer
from mobileiqa_sdk.contract import ModelContract, Verification
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.runtimes import onnx as onnx_runtime

from ..sdk import artifacts, tflite_artifacts

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "device" / "mobileiqa_device.py"
ROCKET = Path(skimage.data_dir) / "rocket.jpg"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the script is for Linux and Android")
pytestmark = LINUX


class Done:
    """What the script said; the first result where it wrote JSON."""

    def __init__(self, process: subprocess.CompletedProcess[str], file: Path) -> None:
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.document: dict[str, Any] = {}
        if file.exists():
            parse(file.read_text(), "the test")
            self.document = json.loads(file.read_text())

    @property
    def result(self) -> dict[str, Any]:
        (result,) = self.document["results"]
        return dict(result)


@pytest.fixture
def device(tmp_path: Path) -> Callable[..., Done]:
    """Run the script, without the SDK on its path; ``shim`` is a folder of modules that hide others."""

    def call(*arguments: object, shim: Path | None = None) -> Done:
        file = tmp_path / "result.json"
        options = ["--warmup", "1", "--runs", "3", "--rounds", "1", "--threads", "1", "--json", file]
        done = subprocess.run(
            [sys.executable, "-W", "error", str(SCRIPT), *map(str, [*options, *arguments])],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(shim or ""), "OMP_NUM_THREADS": "1"},
            cwd=tmp_path,
        )
        return Done(done, file)

    return call


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module, for its parts."""
    spec = importlib.util.spec_from_file_location("mobileiqa_device", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["onnx", "tflite"])
def artifact(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return (artifacts if request.param == "onnx" else tflite_artifacts).save(tmp_path / "tiny")


# --- What it measures -----------------------------------------------------------------------------------


def test_it_measures_an_artifact(device: Callable[..., Done], artifact: Path) -> None:
    done = device(artifact, "--photo", ROCKET)
    result = done.result
    assert (done.code, result["error"]) == (0, None)
    assert "Warning" not in done.err  # XNNPACK announces itself there
    assert result["golden"]["ok"] is True
    assert result["golden"]["found"] == pytest.approx(result["golden"]["expected"], abs=1e-6)
    assert result["score"] == Scorer(artifact, threads=1).score(ROCKET)
    assert len(result["seconds"]["inference"]["values"]) == 3
    assert len(result["seconds"]["decode"]["values"]) == len(result["seconds"]["resize"]["values"]) == 5
    assert result["runtime"] == {".onnx": "onnx", ".tflite": "litert"}[artifact.suffix]
    assert (result["model"], result["version"], result["precision"]) == ("tiny", "0.3", "fp32")
    assert result["size_bytes"] == artifact.stat().st_size
    memory = result["memory"]
    assert memory["peak_rss_bytes"] >= memory["rss_after_load_bytes"] > 10_000_000
    assert done.document["environment"]["emulated"] is False
    assert "numpy" in done.document["environment"]["packages"]
    assert "runs: only 3" in result["flags"]
    assert result["sustained"] is None


def test_a_table_for_people(device: Callable[..., Done], artifact: Path) -> None:
    out = device(artifact.parent, "--photo", ROCKET).out
    for word in (
        "tiny 0.3, weights fp32, arithmetic fp32",
        "golden",
        ": ok",
        "decode",
        "resize",
        "inference",
        "memory",
        "runs: only 3",
    ):
        assert word in out


def test_without_a_photo_the_golden_image_is_scored(device: Callable[..., Done], artifact: Path) -> None:
    result = device(artifact).result
    assert result["score"] == result["golden"]["found"]
    assert result["seconds"]["decode"] is result["seconds"]["resize"] is None


def test_json_to_stdout_is_only_json(device: Callable[..., Done], artifact: Path) -> None:
    done = device(artifact, "--json", "-")
    assert len(parse(done.out, "the test").results) == 1


def test_each_artifact_and_thread_count_is_a_row(device: Callable[..., Done], tmp_path: Path) -> None:
    files = [artifacts.save(tmp_path / "a"), tmp_path / "none.onnx", tflite_artifacts.save(tmp_path / "b")]
    done = device(*files, "--threads", "1,2")
    rows = [(row["artifact"], row["threads"], row["error"] is None) for row in done.document["results"]]
    assert rows == [(str(file), threads, file != files[1]) for file in files for threads in (1, 2)]
    assert done.code == 1
    assert done.document["flags"] == ["2 of 6 results failed or are not to be believed"]
    assert done.document["settings"]["threads"] == [1, 2]


def test_rounds(device: Callable[..., Done], tmp_path: Path) -> None:
    files = [artifacts.save(tmp_path / "a"), tflite_artifacts.save(tmp_path / "b")]
    done = device(*files, "--rounds", "3", "--minutes", "0.001", "--photo", ROCKET)
    for result in done.document["results"]:
        for step, runs in (("inference", 9), ("decode", 15), ("resize", 15)):
            assert len(result["seconds"][step]["values"]) == runs
            assert len(result["seconds"][step]["rounds"]) == 3
        assert result["sustained"]
        assert result["flags"].count("runs: only 9") == 1
    assert done.document["settings"]["rounds"] == 3
    assert done.code == 0


def test_rounds_take_turns(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is measured last must not be what a hot phone slows down; a sustained run comes after all."""
    seen = []

    def note(path: str, threads: int, options: Any, system: object) -> tuple[str, int]:
        seen.append((Path(path).parent.name, threads, options.minutes))
        return path, threads

    monkeypatch.setattr(script, "in_fresh_process", note)
    files = [str(artifacts.save(tmp_path / name)) for name in "ab"]
    options = argparse.Namespace(artifacts=files, rounds=2, minutes=3.0, cool_down=0.0, official=False)
    rounds = script.all_rounds(options, [1, 2], None)
    turn = [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert seen == [(*each, None) for each in turn] + [(*each, 3.0) for each in turn]
    assert rounds == [[(file, threads)] * 2 for file in files for threads in (1, 2)]
    assert options.minutes == 3.0


def test_official(device: Callable[..., Done], tmp_path: Path) -> None:
    """As long as a valid result asks for, over all rounds, with scores compared in the same file."""
    artifact = artifacts.save(tmp_path / "tiny")
    official = ("--official", "--cool-down", "0", "--rounds", "2")
    first = device(artifact, *official)
    assert first.code == 1
    result = first.result
    assert len(result["seconds"]["inference"]["values"]) == 1024
    assert len(result["seconds"]["reload"]["values"]) == 10
    assert result["unit"] == {"declared": "cpu", "used": "cpu"}
    scores = result["accuracy"]["scores"]
    scorer = Scorer(artifact, threads=1)
    assert scores == pytest.approx([scorer.score(make_picture(number)) for number in range(COUNT)])
    assert {"cool-down", "accuracy"} <= {reason["kind"] for reason in result["verdict"]["reasons"]}
    assert "not valid  cool-down: 0 s without work" in first.out
    reference = tmp_path / "reference.json"
    shutil.copy(tmp_path / "result.json", reference)
    compared = device(artifact, *official, "--reference", reference).result
    assert compared["accuracy"]["reference"] == scores
    assert "accuracy" not in {reason["kind"] for reason in compared["verdict"]["reasons"]}
    other = artifacts.save(tmp_path / "other", artifacts.model(artifacts.contract(model={"version": "0.4"})))
    assert device(other, *official, "--reference", reference).result["accuracy"]["reference"] is None
    broken = device(artifact, *official, "--reference", artifact).result
    assert "is not a benchmark file" in broken["error"]


def test_a_slow_model_is_official_after_a_minute(script: ModuleType) -> None:
    options = argparse.Namespace(official=True)
    done = [{"seconds": {"inference": [10.0, 12.0]}}, {"seconds": None}]
    script.set_shares(options, done, 2)
    assert (options.enough_runs, options.enough_seconds) == (511, 19.0)
    script.set_shares(options, [{"seconds": {"inference": [0.01] * 1023}}], 1)
    assert options.enough_runs == 1
    options.enough_runs, options.enough_seconds = 3, 60.0
    assert len(script.counted(lambda: 0.5, options)[0]) == 3
    options.enough_seconds = 0.0
    assert len(script.counted(lambda: 0.5, options)[0]) == 1


def test_rounds_are_joined(script: ModuleType) -> None:
    def one(number: int, **changes: Any) -> dict[str, Any]:
        seconds = {
            "load": number,
            "first": 2 * number,
            "inference": [number] * 4,
            "decode": None,
            "resize": None,
            "reload": [number],
        }
        memory = {"peak_rss_bytes": 10 * number, "peak_pss_bytes": None}
        golden = {"ok": True, "resize_exact": True}
        parts = {"seconds": seconds, "memory": memory, "golden": golden, "score": 0.5, "sustained": None}
        heat = {"celsius_before": 30 + number, "celsius_after": 40 + number}
        return {**parts, "error": None, "flags": ["busy"], "thermal": heat, **changes}

    result = script.joined([one(1), one(5), one(3)])
    assert (result["seconds"]["load"], result["seconds"]["first"]) == (3, 6)
    assert result["seconds"]["inference"]["rounds"] == [1, 5, 3]
    assert result["seconds"]["decode"] is None
    assert result["seconds"]["reload"]["values"] == [1, 5, 3]
    assert result["thermal"] == {"celsius_before": 31, "celsius_after": 43}
    assert result["memory"] == {"peak_rss_bytes": 50, "peak_pss_bytes": None}
    assert result["flags"] == ["spread: MAD is 67% of the median", "busy"]
    assert script.joined([one(1), one(2, error="died"), one(3)])["error"] == "died"
    off = {"ok": False, "resize_exact": False}
    assert script.joined([one(1), one(2, golden=off), one(3)])["golden"] == off
    assert "the score is another one" in script.joined([one(1), one(1, score=0.6)] * 2)["flags"][-1]


def test_opinions_are_averaged(device: Callable[..., Done], tmp_path: Path) -> None:
    third = helper.make_tensor("third", TensorProto.FLOAT, [1, 3], [0.3, 1.0, 1.1])
    tail = [
        helper.make_node("Constant", [], ["third"], value=third),
        helper.make_node("Mul", ["mean", "third"], ["score"]),
    ]
    contract = artifacts.contract()
    contract["outputs"][0]["size"] = 3
    contract["golden"]["cases"][0]["score"] *= 0.8
    data = artifacts.model(contract, tail=tail, out_shape=(1, 3))
    done = device(artifacts.save(tmp_path / "views", data))
    assert (done.code, done.result["error"]) == (0, None)
    contract["outputs"][0]["size"] = 2
    data = artifacts.model(contract, tail=tail, out_shape=(1, 3))
    done = device(artifacts.save(tmp_path / "views", data))
    assert done.code == 1
    assert re.search(r"model.onnx: its contract promises 2 opinions, the model gave 3", done.result["error"])


def test_large_jpegs_are_decoded_smaller_where_the_contract_says_so(
    script: ModuleType, tmp_path: Path
) -> None:
    with Image.open(ROCKET) as photo:
        assert photo.size == (640, 427)
        exif = photo.getexif()
        exif[0x0112] = 6
        photo.save(tmp_path / "turned.jpg", exif=exif)
        photo.save(tmp_path / "photo.png")

    def decoded(name: Path, width: int, height: int, rule: str = "jpeg-reduced") -> np.ndarray:
        inputs = {"fit": "stretch", "width": width, "height": height, "decode": rule}
        return np.asarray(script.decode(str(name), {"input": inputs})[0])

    for name in (ROCKET, tmp_path / "turned.jpg", tmp_path / "photo.png"):
        for width, height in ((20, 20), (100, 75), (100, 76), (75, 100), (76, 100), (229, 100), (228, 100)):
            sdk = np.asarray(read_photo(name, fit=(height, width)))
            assert np.array_equal(decoded(name, width, height), sdk)
    assert decoded(ROCKET, 100, 75).shape == (107, 160, 3)
    assert decoded(tmp_path / "turned.jpg", 75, 100).shape == (160, 107, 3)
    assert decoded(ROCKET, 100, 75, "full").shape == (427, 640, 3)


def test_photos_are_read_as_the_sdk_reads_them(script: ModuleType, tmp_path: Path) -> None:
    """Orientation, and an embedded profile that is not sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    contract = {"input": {"fit": "stretch", "width": 8, "height": 8, "decode": "full"}}
    with Image.open(ROCKET) as photo:
        exif = photo.getexif()
        exif[0x0112] = 8
        photo.save(tmp_path / "turned.jpg", exif=exif)
        photo.save(tmp_path / "srgb.png", icc_profile=profile)
        photo.save(tmp_path / "broken.png", icc_profile=b"rubbish")
        photo.save(tmp_path / "swapped.png", icc_profile=_swapped_profile(profile))
        photo.convert("L").save(tmp_path / "grey.jpg")
        plain = np.asarray(photo)
    read = {}
    for name in ("turned.jpg", "srgb.png", "broken.png", "swapped.png", "grey.jpg"):
        read[name] = np.asarray(script.decode(str(tmp_path / name), contract)[0])
        assert np.array_equal(read[name], np.asarray(read_photo(tmp_path / name))), name
    assert np.array_equal(read["srgb.png"], plain)
    assert np.abs(read["swapped.png"].astype(int) - plain).max() > 50


def _swapped_profile(srgb: bytes) -> bytes:
    """The sRGB profile with red and blue swapped: no photo has it, and every reader must apply it."""
    return srgb.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)


@pytest.mark.parametrize("passed", [True, False])
def test_contracts_of_schema_3(device: Callable[..., Done], tmp_path: Path, passed: bool) -> None:
    """What a failed verification says reaches the flags and the exit status."""
    contract = ModelContract.from_json(json.dumps(artifacts.contract()), "it")
    failures = () if passed else ("it ranks otherwise",)
    values = json.loads(
        msgspec.structs.replace(contract, verification=Verification(passed, failures)).to_json()
    )
    assert values["schema"] == 3
    done = device(artifacts.save(tmp_path / "a", artifacts.model(values)))
    assert done.result["error"] is None
    assert done.result["golden"]["ok"] is True
    assert any(flag.startswith("verification: ") for flag in done.result["flags"]) is not passed
    assert done.code == (0 if passed else 1)


def test_an_artifact_that_keeps_the_aspect_ratio(device: Callable[..., Done], tmp_path: Path) -> None:
    values = artifacts.free_contract(decode="jpeg-reduced")
    values["outputs"] = [artifacts.output("score", "opinions", 1)]
    for case in values["golden"]["cases"]:
        case |= {"score": case["photo"], "faults": [], "photo": None}
    model = artifacts.model(values, shape=(1, "height", "width", 3))
    path = artifacts.save(tmp_path / "free", model)
    with Image.open(ROCKET) as photo:
        exif = photo.getexif()
        exif[0x0112] = 6
        photo.save(tmp_path / "turned.jpg", exif=exif)
    done = device(path, "--photo", tmp_path / "turned.jpg")
    assert done.result["error"] is None
    assert done.result["golden"]["ok"] is True
    expected = Scorer(path, threads=1).score(tmp_path / "turned.jpg")
    assert done.result["score"] == pytest.approx(expected, abs=1e-6)


def test_a_model_with_faults_gives_its_opinions_mean(device: Callable[..., Done], tmp_path: Path) -> None:
    """The model's outputs stand in another order than in the contract."""
    path = artifacts.save(tmp_path / "free", artifacts.free_model())
    done = device(path, "--photo", ROCKET)
    assert done.result["error"] is None
    assert done.result["golden"]["ok"] is True
    assert done.result["score"] == pytest.approx(Scorer(path, threads=1).score(ROCKET), abs=1e-6)


@pytest.mark.parametrize("names", [("mean", "score"), ("photo", "opinions")])
def test_a_tflite_model_with_more_outputs(
    device: Callable[..., Done], tmp_path: Path, names: tuple[str, str]
) -> None:
    """They are called as its signature calls them, and the other output, 0 to 255, stands first."""
    values = artifacts.contract()
    values["outputs"] = [artifacts.output(names[1], "opinions", 1), artifacts.output(names[0], "photo", 1)]
    values["golden"]["cases"][0]["photo"] = 0.5
    model = tflite_artifacts.model(values, mean_first=True, output_names=names)
    done = device(tflite_artifacts.save(tmp_path / "two", model))
    assert done.result["error"] is None
    assert done.result["golden"]["ok"] is True


def test_outputs_that_the_contract_does_not_name(device: Callable[..., Done], tmp_path: Path) -> None:
    values = artifacts.free_contract()
    values["outputs"][1]["name"] = "severities"
    done = device(artifacts.save(tmp_path / "free", artifacts.free_model(values)))
    assert done.code == 1
    assert "promises the outputs opinions, severities, photo" in done.result["error"]


@pytest.mark.parametrize("mode", ["RGBA", "CMYK", "LA"])
def test_a_photo_that_it_does_not_read_is_named(
    device: Callable[..., Done], tmp_path: Path, mode: str
) -> None:
    photo = tmp_path / "odd.tif"
    Image.new(mode, (64, 64)).save(photo)
    done = device(artifacts.save(tmp_path / "a"), "--photo", photo)
    assert done.code == 1
    assert f"{photo}: has mode {mode}" in done.result["error"]


@pytest.mark.parametrize("data", [None, b"", b"no photo", ROCKET.read_bytes()[:5000]])
def test_a_broken_photo_is_named(device: Callable[..., Done], tmp_path: Path, data: bytes | None) -> None:
    photo = tmp_path / "photo.jpg"
    if data is not None:
        photo.write_bytes(data)
    done = device(artifacts.save(tmp_path / "a"), "--photo", photo)
    assert done.code == 1
    assert f"{photo}: cannot be decoded (" in done.result["error"]


# --- What is not to be believed ---------------------------------------------------------------------------


def test_a_golden_score_that_is_off(device: Callable[..., Done], tmp_path: Path) -> None:
    values = artifacts.contract()
    values["golden"]["cases"][0]["score"] += 0.01
    for module in (artifacts, tflite_artifacts):
        done = device(module.save(tmp_path / module.__name__, module.model(values)))
        assert done.code == 1
        assert done.result["golden"]["ok"] is False
        assert done.result["flags"][0].startswith("golden: scored 0.")
        assert "OFF" in done.out
        assert done.document["flags"] == ["1 of 1 results failed or are not to be believed"]


def test_a_resize_that_is_off(device: Callable[..., Done], tmp_path: Path) -> None:
    """The score alone would pass: only the bytes tell."""
    values = artifacts.contract(golden={"input_sha256": "0" * 64})
    done = device(artifacts.save(tmp_path / "a", artifacts.model(values)))
    assert done.code == 1
    assert done.result["golden"]["ok"] is done.result["golden"]["resize_exact"] is False
    assert done.result["flags"][0].startswith("golden: resizing gives other bytes")


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), 1.5, -0.1])
def test_a_score_that_is_none(device: Callable[..., Done], tmp_path: Path, answer: float) -> None:
    done = device(artifacts.save(tmp_path / "a", artifacts.model(tail=artifacts.constant(answer))))
    assert done.code == 1
    assert f"{answer:g}"[:4] in done.result["error"]


# --- What cannot be measured ------------------------------------------------------------------------------


def test_a_damaged_tflite_file_never_reaches_the_interpreter(
    device: Callable[..., Done], tmp_path: Path
) -> None:
    data = bytearray(tflite_artifacts.model())
    data[200] ^= 1
    done = device(tflite_artifacts.save(tmp_path / "a", bytes(data)))
    assert done.code == 1
    assert "SHA-256" in done.result["error"]


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("model.tflite", b"", "TFLite"),
        ("model.tflite", tflite_artifacts.flatbuffer(), "MobileIQA contract"),
        ("model.tflite", tflite_artifacts.model()[:-30], "MobileIQA contract"),
        ("model.onnx", artifacts.model()[:-40], "onnxruntime"),
        ("model.onnx", artifacts.model(key="other"), "MobileIQA contract"),
        ("model.onnx", artifacts.model("{}"), "KeyError('schema')"),
        ("model.onnx", artifacts.model(shape=(1, 8, 8, 3)), "input"),
        ("model.onnx", artifacts.model(extra_output=True), "has score, mean"),
        ("model.onnx", artifacts.model({**artifacts.contract(), "schema": 99}), "schema 99"),
        ("model.onnx", artifacts.model(artifacts.contract(input={"resample": "x"})), "input.resample 'x'"),
        ("model.onnx", artifacts.model(artifacts.contract(golden={"tolerance": 2})), "out of range"),
        (
            "model.onnx",
            artifacts.model(artifacts.contract(model={"name": "\x1b["})),
            "model.name",
        ),
        ("model.mlmodel", b"", ".onnx or .tflite"),
    ],
)
def test_a_bad_artifact_is_a_row(
    device: Callable[..., Done], tmp_path: Path, name: str, data: bytes, error: str
) -> None:
    (tmp_path / name).write_bytes(data)
    done = device(tmp_path / name)
    assert done.code == 1
    assert str(tmp_path / name) in done.result["error"]
    assert error in done.result["error"]
    assert "\x1b" not in done.out


def test_a_folder_needs_one_model(device: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "none" in device(tmp_path / "none").result["error"]
    artifacts.save(tmp_path / "two")
    tflite_artifacts.save(tmp_path / "two")
    error = device(tmp_path / "two").result["error"]
    assert "model.onnx, model.tflite" in error


@pytest.mark.parametrize(
    ("module", "maker", "package"),
    [("onnxruntime", artifacts, "onnxruntime"), ("ai_edge_litert", tflite_artifacts, "ai-edge-litert")],
)
def test_a_missing_runtime_is_named(
    device: Callable[..., Done], tmp_path: Path, module: str, maker: Any, package: str
) -> None:
    shim = tmp_path / "shim"
    shim.mkdir()
    for name in (module, "tflite_runtime"):
        (shim / f"{name}.py").write_text("raise ImportError('not here')\n")
    done = device(maker.save(tmp_path / "a"), shim=shim)
    assert done.code == 1
    assert f"pip install {package}" in done.result["error"]
    assert "not here" in done.result["error"]


def test_tflite_runtime_is_taken_where_it_is_what_there_is(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = ModuleType("tflite_runtime.interpreter")
    fake.Interpreter = object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", ModuleType("tflite_runtime"))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", fake)
    assert script.tflite_interpreter() is fake.Interpreter  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os.kill(os.getpid(), 9)", "by SIGKILL; likely out of memory"),
        ("os.kill(os.getpid(), 11)", "by SIGSEGV"),
        ("os._exit(7)", "with exit status 7"),
    ],
)
def test_a_runtime_that_dies_ends_one_row(
    device: Callable[..., Done], tmp_path: Path, death: str, how: str
) -> None:
    shim = tmp_path / "shim"
    shim.mkdir()
    (shim / "onnxruntime.py").write_text(f"import os\n{death}\n")
    done = device(artifacts.save(tmp_path / "a"), tflite_artifacts.save(tmp_path / "b"), shim=shim)
    first, second = done.document["results"]
    assert first["error"] == f"{tmp_path / 'a' / 'model.onnx'}: the process was ended {how}"
    assert second["error"] is None
    assert done.code == 1


# --- The system -------------------------------------------------------------------------------------------


def _write(root: Path, **files: object) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")


def _board(root: Path) -> Path:
    """A /sys of two CPUs and four thermal zones, two of them absurd."""
    for number, (kind, temperature) in enumerate(
        (("cpu-thermal", 48312), ("gpu-thermal", 61000), ("cpu-dead", -274000), ("cpu-open", 200000))
    ):
        folder = f"class/thermal/thermal_zone{number}"
        _write(root, **{f"{folder}/type": kind, f"{folder}/temp": temperature})
    for number, khz in enumerate((1500000, 2400000)):
        folder = f"devices/system/cpu/cpu{number}/cpufreq"
        _write(
            root,
            **{
                f"{folder}/scaling_cur_freq": khz,
                f"{folder}/scaling_max_freq": 2400000,
                f"{folder}/scaling_governor": "ondemand",
            },
        )
    _write(root, **{"firmware/devicetree/base/model": "Board 5 Rev 1.0\0"})
    return root


def test_sustained_runs_in_windows(device: Callable[..., Done], tmp_path: Path, artifact: Path) -> None:
    done = device(artifact, "--minutes", "0.005", "--sys", _board(tmp_path / "sys"))
    windows = done.result["sustained"]
    assert done.code == 0
    assert windows
    assert windows[-1]["second"] >= 0.3
    assert [window["second"] for window in windows] == sorted(window["second"] for window in windows)
    for window in windows:
        assert 0 < window["median"] <= window["p90"]
        assert (window["temperature_c"], window["mhz"]) == (48.312, 2400.0)
    assert "48.3 C  2400 MHz" in done.out
    assert "governor: ondemand, not performance" in done.result["flags"]
    environment = done.document["environment"]
    assert environment["machine"] == "Board 5 Rev 1.0"
    assert (environment["governor"], environment["temperature_c"]) == ("ondemand", 48.312)


def test_a_system_that_says_nothing(device: Callable[..., Done], tmp_path: Path) -> None:
    done = device(artifacts.save(tmp_path / "a"), "--minutes", "0.001", "--sys", tmp_path / "nothing")
    assert done.code == 0
    assert {(row["temperature_c"], row["mhz"]) for row in done.result["sustained"]} == {(None, None)}
    assert done.document["environment"]["governor"] is None


def test_a_phone_is_named(
    device: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Android's properties, as Termux can ask for them."""
    tool = tmp_path / "bin" / "getprop"
    tool.parent.mkdir()
    tool.write_text(
        "#!/bin/sh\ncase $1 in *manufacturer) echo Maker;; *model) echo Phone 9;; "
        "*release) echo 15;; *) echo 35; esac\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    environment = device(artifacts.save(tmp_path / "a"), "--sys", _board(tmp_path / "sys")).document[
        "environment"
    ]
    assert (environment["machine"], environment["os"]) == ("Maker Phone 9", "Android 15, API 35")


def test_throttling_is_noticed(script: ModuleType, tmp_path: Path) -> None:
    system = script.System(str(tmp_path / "proc"), str(_board(tmp_path / "sys")))
    moment = script.Moment(system)
    calm = list(moment.flags())
    assert calm == ["governor: ondemand, not performance"]
    _write(tmp_path / "sys", **{"devices/system/cpu/cpu1/cpufreq/scaling_max_freq": 1800000})
    assert "throttled: the highest allowed frequency was lowered" in list(moment.flags())


def test_the_pi_says_when_it_throttles(script: ModuleType, tmp_path: Path) -> None:
    name = "devices/platform/soc/soc:firmware/get_throttled"
    system = script.System(str(tmp_path), str(tmp_path))
    _write(tmp_path, **{name: "50000"})  # low voltage and throttling since boot, not now
    moment = script.Moment(system)
    assert list(moment.flags()) == []
    for now in ("50005", "d0000"):
        _write(tmp_path, **{name: now})
        assert list(moment.flags()) == [f"throttled: or too little voltage, says the firmware (0x{now})"]


def test_other_load_is_noticed(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, cpus = os.sysconf("SC_CLK_TCK"), os.cpu_count() or 1
    monkeypatch.setattr(script.time, "process_time", lambda: 0.0)
    monkeypatch.setattr(script.time, "perf_counter", lambda: clock[0])
    clock = [100.0]
    _write(tmp_path, stat="cpu  0 0 0 0 0 0 0 0 0 0")
    moment = script.Moment(script.System(str(tmp_path), str(tmp_path)))
    clock[0] += 10
    busy, stolen = int(10 * ticks * cpus * 0.3), int(10 * ticks * cpus * 0.04)
    _write(tmp_path, stat=f"cpu  {busy} 0 0 999 0 0 0 {stolen} 0 0")
    assert list(moment.flags()) == [
        "other-load: other processes used 30% of the CPUs",
        "steal: the hypervisor gave 4% of the CPUs to others",
    ]
    clock[0] = 100.5
    assert list(moment.flags()) == []


def test_memory_and_names_are_read(script: ModuleType, tmp_path: Path) -> None:
    _write(
        tmp_path,
        **{
            "self/status": "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB",
            "self/smaps_rollup": "Private_Clean:   8 kB\nPrivate_Dirty:   4 kB",
            "self/comm": "qemu-aarch64-st",
            "cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd05\n\n" * 2
            + "CPU implementer\t: 0x41\nCPU variant\t: 0x1\nCPU part\t: 0xd0b\n",
        },
    )
    system = script.System(str(tmp_path), str(tmp_path))
    assert system.status_bytes("VmHWM") == 2 * system.status_bytes("VmRSS") == 2048 * 1024
    assert system.private_bytes() == 12 * 1024
    assert system.cpu() == "2 x ARM 0x41/0xd05, 1 x ARM 0x41/0xd0b"
    assert system.emulated()
    assert script.System(str(tmp_path / "none"), str(tmp_path)).private_bytes() is None


def test_slowing_down_and_spread_are_noticed(script: ModuleType) -> None:
    windows = [{"median": 1.0, "second": 10.0}, {"median": 1.25, "second": 20.0}]
    golden = {"ok": True, "resize_exact": True}
    seconds = {"inference": script.statistics([[1.0, 2.0] * 6])}
    flags = list(script.flags_of({"golden": golden, "sustained": windows, "seconds": seconds}))
    assert flags == ["spread: MAD is 33% of the median", "slowdown: by 25% in 20 s"]


# --- The parts that must agree with the SDK -----------------------------------------------------------------


def test_it_needs_what_a_phone_has() -> None:
    """One file: Python 3.8's syntax, and no import beyond the standard library and what its head names."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    foreign = names - sys.stdlib_module_names
    assert foreign == {"numpy", "PIL", "onnxruntime", "ai_edge_litert", "tflite_runtime"}


def test_the_golden_image_is_the_sdks(script: ModuleType) -> None:
    pixels = script.golden_pixels({"golden": {"height": 70, "width": 90}})
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, golden_image(70, 90))


@pytest.mark.parametrize(
    ("weights", "compute"),
    [
        ("fp32", "fp32"),
        ("int8", "fp32"),
        ("int4", "fp32"),
        ("int8", "int8, calibrated ranges; drift allowed"),
    ],
)
def test_onnxruntime_is_set_as_the_sdk_sets_it(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    weights: str,
    compute: str,
) -> None:
    """Or the script would measure something else than users get."""
    values = artifacts.contract_v2()
    values["precision"] = {"weights": weights, "compute": compute}
    file = artifacts.save(tmp_path, artifacts.model(values))
    monkeypatch.setattr(onnx_runtime.onnxruntime, "SessionOptions", _Options)
    monkeypatch.setattr(onnx_runtime.onnxruntime, "InferenceSession", _Recorder())
    opened = []
    for open_it in (lambda: script.OnnxModel(str(file), 3), lambda: onnx_runtime.Session(file, 3)):
        _Recorder.seen.clear()
        with pytest.raises((script.DeviceError, ContractMismatch), match="promises"):
            open_it()
        opened.append([dict(options) for options in _Recorder.seen])
    assert opened[0] == opened[1]
    assert len(opened[0]) == 1


class _Options(dict[str, Any]):
    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def add_session_config_entry(self, name: str, value: str) -> None:
        self[name] = value


class _Recorder:
    """Stands for InferenceSession: a model without inputs."""

    seen: list[_Options] = []  # noqa: RUF012

    def __call__(self, path: str, options: _Options, **rest: Any) -> _Recorder:
        assert rest["providers"] == ["CPUExecutionProvider"]
        self.seen.append(options)
        return self

    def get_inputs(self) -> list[Any]:
        return []

    get_outputs = get_inputs


@given(rounds=st.lists(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=20), min_size=1, max_size=4))
def test_statistics_are_numpys(script: ModuleType, rounds: list[list[float]]) -> None:
    actual, values = script.statistics(rounds), [value for one in rounds for value in one]
    assert actual["rounds"] == [pytest.approx(np.median(one)) for one in rounds]
    assert actual["median"] == pytest.approx(np.median(values))
    assert actual["p90"] == pytest.approx(np.percentile(values, 90))
    assert actual["mad"] == pytest.approx(np.median(np.abs(np.array(values) - np.median(values))))
    assert (actual["min"], actual["values"]) == (min(values), values)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(section=st.sampled_from(sorted(artifacts.contract())), place=st.integers(0, 9), value=_JSON)
def test_a_contract_is_read_or_refused_by_name(
    script: ModuleType, section: str, place: int, value: Any
) -> None:
    contract: Any = artifacts.contract()
    if isinstance(contract[section], dict) and place < len(contract[section]):
        contract[section][sorted(contract[section])[place]] = value
    else:
        contract[section] = value
    try:
        read = script.read_contract(json.dumps(contract), "it")
    except script.DeviceError:
        return
    assert read["input"]["decode"] in ("full", "jpeg-reduced")
    assert 1 <= read["output"]["opinions"] <= 1024


# --- Its use ----------------------------------------------------------------------------------------------


def test_help_explains(device: Callable[..., Done]) -> None:
    done = device("--help")
    assert done.code == 0
    for word in ("golden", "--minutes", "--photo", "Exit status", "tflite-runtime"):
        assert word in done.out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "ARTIFACT"),
        (["a", "--threads", "0"], "'0' is not a whole number from 1 to 1024"),
        (["a", "--threads", "1,x"], "'x' is not a whole number"),
        (["a", "--runs", "0"], "'0' is not a whole number from 1 to 100000"),
        (["a", "--minutes", "nan"], "'nan' is not a number of minutes"),
    ],
)
def test_wrong_usage(device: Callable[..., Done], arguments: list[str], error: str) -> None:
    done = device(*arguments)
    assert done.code == 2
    assert error in done.err


def test_json_that_cannot_be_written(device: Callable[..., Done], tmp_path: Path) -> None:
    done = device(artifacts.save(tmp_path / "a"), "--json", tmp_path / "none" / "x.json")
    assert done.code == 1
    assert done.err
    assert "golden" in done.out
