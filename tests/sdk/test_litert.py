"""TFLite artifacts: scored through the same call, refused by name, and never the end of the process."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import (
    ArtifactInvalid,
    Assessment,
    ContractMismatch,
    ContractUnsupported,
    ModelError,
    Scorer,
)
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.runtimes import litert
from mobileiqa_sdk.runtimes.tflite_file import CONTRACT, attach, read_contract
from mobileiqa_sdk.verification import replay_golden

from . import artifacts, tflite_artifacts

PHOTO = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
FLATBUFFER = tflite_artifacts.flatbuffer()
MUTATIONS = Path(__file__).with_name("mutate_tflite.py")


def opened(folder: Path, data: bytes | None = None) -> Scorer:
    return Scorer(tflite_artifacts.save(folder, data), threads=1)


def expected(photo: np.ndarray) -> float:
    return artifacts.brightness(resize(Image.fromarray(photo), artifacts.HEIGHT, artifacts.WIDTH))


def test_it_scores(tmp_path: Path) -> None:
    scorer = opened(tmp_path)
    assert scorer.score(PHOTO) == pytest.approx(expected(PHOTO), abs=1e-6)
    assert scorer.contract.model.name == "tiny"
    assert replay_golden(scorer).passed


def test_a_folder_with_a_tflite_file_is_an_artifact(tmp_path: Path) -> None:
    tflite_artifacts.save(tmp_path)
    assert Scorer(tmp_path, threads=1).score(PHOTO) == Scorer(tmp_path, runtime="litert").score(PHOTO)


def test_threads_may_share_it(tmp_path: Path) -> None:
    scorer = opened(tmp_path)
    photos = [np.full((60, 80, 3), level, np.uint8) for level in range(0, 256, 5)] * 4
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(scorer.score, photos))
    assert together == [scorer.score(photo) for photo in photos]
    assert len(set(together)) == len(photos) // 4


@pytest.mark.parametrize(("threads", "most"), [(1, 4), (2, 2), (4, 1), (9, 1)])
def test_interpreters_fill_the_cpus_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, most: int
) -> None:
    opened, running, lock = [], set(), threading.Lock()

    class Recorder(litert.Interpreter):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            opened.append(options)
            super().__init__(**options)

        def invoke(self) -> None:
            with lock:
                assert self not in running
                running.add(self)
            if len(opened) < most:
                time.sleep(0.01)
            super().invoke()
            running.remove(self)

    monkeypatch.setattr(litert, "Interpreter", Recorder)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    scorer = Scorer(tflite_artifacts.save(tmp_path), threads=threads)
    scores = [scorer.score(PHOTO) for _ in range(3)]
    assert len(opened) == 1
    results = list(scorer.score_many([PHOTO] * 40, workers=8))
    assert {one.score for one in results if isinstance(one, Assessment)} == set(scores)
    assert len(opened) == most
    assert all(options == opened[0] for options in opened)


@pytest.mark.parametrize("change", ["written", "replaced", "removed"])
def test_no_other_model_is_opened_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    path = tflite_artifacts.save(tmp_path)
    scorer = Scorer(path, threads=1)
    session: Any = scorer._runtime
    size, busy = session._idle.pop()
    data = path.read_bytes()
    if change == "written":
        with path.open("ab") as file:
            file.write(b"\0")
    else:
        path.unlink()
        if change == "replaced":
            (tmp_path / "other").write_bytes(data)
            (tmp_path / "other").rename(path)
    with pytest.raises(ArtifactInvalid, match="changed"):
        scorer.score(PHOTO)
    session._idle.append((size, busy))
    if change != "written":
        assert scorer.score(PHOTO) == pytest.approx(expected(PHOTO), abs=1e-6)


def test_a_file_that_is_replaced_while_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tflite_artifacts.save(tmp_path)

    class Slow(litert.Interpreter):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            os.utime(path, ns=(1, 1))

    monkeypatch.setattr(litert, "Interpreter", Slow)
    with pytest.raises(ArtifactInvalid, match="changed"):
        Scorer(path, threads=1)


def test_the_interpreter_gets_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    class Recorder(litert.Interpreter):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            seen.update(options)
            super().__init__(**options)

    monkeypatch.setattr(litert, "Interpreter", Recorder)
    path = tflite_artifacts.save(tmp_path)
    Scorer(path, threads=3).score(PHOTO)
    assert seen == {"model_path": str(path), "num_threads": 3}


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are text there")
def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    try:
        scorer = opened(folder)
    except OSError:
        pytest.skip("this file system wants text")
    assert scorer.score(PHOTO) == pytest.approx(expected(PHOTO), abs=1e-6)


NO_MODELS = {
    "empty": b"",
    "one byte": b"\x08",
    "zeros": bytes(5000),
    "text": b"this is no model\n" * 50,
    "an ONNX model": artifacts.model(),
    "a zip": b"PK\x03\x04" + bytes(200),
    "a contract": json.dumps(artifacts.contract()).encode(),
}


@pytest.mark.parametrize("data", NO_MODELS.values(), ids=NO_MODELS.keys())
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArtifactInvalid, match=r"model\.tflite: "):
        opened(tmp_path, data)
    assert capfd.readouterr() == ("", "")


def archive(**entries: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return file.getvalue()


WITHOUT = {
    "nothing attached": FLATBUFFER,
    "another file attached": FLATBUFFER + archive(labels="good\nbad\n"),
    "no digest": FLATBUFFER + archive(**{CONTRACT: json.dumps(artifacts.contract())}),
}


@pytest.mark.parametrize("data", WITHOUT.values(), ids=WITHOUT.keys())
def test_a_model_without_a_contract(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ArtifactInvalid, match="mobileiqa export"):
        opened(tmp_path, data)


def test_an_attached_file_that_would_swell(tmp_path: Path) -> None:
    bomb = archive(**{CONTRACT: " " * 50_000_000, "mobileiqa.sha256": "0"})
    assert len(bomb) < 100_000
    with pytest.raises(ArtifactInvalid, match="attached"):
        opened(tmp_path, FLATBUFFER + bomb)


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_contract(tmp_path: Path, more: int) -> None:
    text = "x" * ((1 << 20) + more)
    path = tflite_artifacts.save(tmp_path, attach(FLATBUFFER, text))
    if more:
        with pytest.raises(ArtifactInvalid, match="too large"):
            read_contract(path)
    else:
        assert read_contract(path) == text.encode()


def test_a_file_cut_off_anywhere(tmp_path: Path) -> None:
    data = tflite_artifacts.model()
    for end in range(0, len(data), 7):
        with pytest.raises(ArtifactInvalid):
            opened(tmp_path, data[:end])


def test_every_byte_of_the_model_is_guarded(tmp_path: Path) -> None:
    data = tflite_artifacts.model()
    for place in range(len(FLATBUFFER)):
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        with pytest.raises(ArtifactInvalid):
            read_contract(tflite_artifacts.save(tmp_path, bytes(damaged)))


def test_damaged_files_never_end_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(MUTATIONS), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    refused, worked = map(int, done.stdout.split())
    assert refused > 100
    assert worked < refused


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("", ArtifactInvalid),
        ("[]", ArtifactInvalid),
        ({**artifacts.contract(), "schema": 1}, ContractUnsupported),
        (artifacts.contract(input={"layout": "NCHW"}), ContractUnsupported),
        (artifacts.contract(golden={"score": float("nan")}), ArtifactInvalid),
    ],
    ids=str,
)
def test_a_bad_contract(tmp_path: Path, metadata: Any, error: type[ModelError]) -> None:
    with pytest.raises(error, match=r"model\.tflite: "):
        opened(tmp_path, tflite_artifacts.model(metadata))


H, W = artifacts.HEIGHT, artifacts.WIDTH
LIES: dict[str, dict[str, Any]] = {
    "height": {"metadata": artifacts.contract(H + 1, W)},
    "sides swapped": {"metadata": artifacts.contract(W, H)},
    "channels first": {"shape": (1, 3, H, W)},
    "a batch of two": {"shape": (2, H, W, 3)},
    "float pixels": {"dtype": np.float32},
    "signed pixels": {"dtype": np.int8},
    "two inputs": {"extra_input": True},
    "two outputs": {"extra_output": True},
    "an integer": {"out_dtype": np.int32},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_model_that_does_not_keep_its_contract(tmp_path: Path, lie: dict[str, Any]) -> None:
    with pytest.raises(ContractMismatch, match=r"model\.tflite: "):
        opened(tmp_path, tflite_artifacts.model(**lie))


def test_two_scores(tmp_path: Path) -> None:
    with pytest.raises(ContractMismatch, match="1 value"):
        opened(tmp_path, tflite_artifacts.model(scores=2)).score(PHOTO)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), 1.0, -1.0])
def test_a_score_out_of_range(tmp_path: Path, scale: float) -> None:
    with pytest.raises(ContractMismatch, match="0 to 1"):
        opened(tmp_path, tflite_artifacts.model(scale=scale)).score(PHOTO)


def test_a_flatbuffer_that_is_none(tmp_path: Path) -> None:
    junk = FLATBUFFER[:8] + bytes(200)
    with pytest.raises(ArtifactInvalid, match="LiteRT"):
        opened(tmp_path, attach(junk, json.dumps(artifacts.contract())))


def test_what_is_attached_is_a_plain_archive(tmp_path: Path) -> None:
    data = attach(FLATBUFFER, "{}")
    assert data[: len(FLATBUFFER)] == FLATBUFFER
    assert data == attach(FLATBUFFER, "{}")
    with zipfile.ZipFile(io.BytesIO(data)) as attached:
        assert attached.testzip() is None
        assert attached.read(CONTRACT) == b"{}"
    assert read_contract(tflite_artifacts.save(tmp_path, data)) == b"{}"


FALLBACK = """
import sys, types
from ai_edge_litert.interpreter import Interpreter
for name in [name for name in sys.modules if name.startswith("ai_edge_litert")]:
    del sys.modules[name]
sys.modules["ai_edge_litert"] = None
if sys.argv[2] == "with":
    sys.modules["tflite_runtime"] = types.ModuleType("tflite_runtime")
    sys.modules["tflite_runtime.interpreter"] = types.ModuleType("tflite_runtime.interpreter")
    sys.modules["tflite_runtime.interpreter"].Interpreter = Interpreter
import mobileiqa_sdk
try:
    print(0 <= mobileiqa_sdk.Scorer(sys.argv[1]).score(sys.argv[3]) <= 1)
except mobileiqa_sdk.MobileIQAError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("tflite_runtime", "said"),
    [("with", "True"), ("without", 'RuntimeUnavailable .*pip install "ai-edge-litert"')],
)
def test_without_litert(tmp_path: Path, photos: list[str], tflite_runtime: str, said: str) -> None:
    path = tflite_artifacts.save(tmp_path)
    command = [sys.executable, "-c", FALLBACK, str(path), tflite_runtime, photos[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert re.match(said, done.stdout), done.stdout
